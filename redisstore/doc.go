// Package redisstore keeps one Zuora session for many processes in Redis.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis:6379", MaxRetries: -1, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client, key) // 32 random bytes
//	…
//	session, err := zuora.NewSession(zuora.SessionConfig{Server: …, Credentials: …, Store: store})
//
// What is stored is sealed: package [seal] says how to make the key, and who can do
// what without it.
//
// # The client
//
// The client is the caller's: its options say where Redis is, whether it is a
// single node, a cluster or one behind sentinels, and how to log in to it. A swap
// touches one key, so it can be made on any of them. Use an engine that speaks
// Redis's protocol, runs Lua scripts, and has one master for a key.
//
// A session waits for a call of the store for a second at most, and then does
// without it. These options keep a client within that:
//
//   - MaxRetries: -1 and DialerRetries: 1. By default go-redis tries a call again,
//     up to three times, and a connection five times. A session does not need that.
//   - DialTimeout, ReadTimeout and WriteTimeout: half a second. They are five.
//   - ContextTimeoutEnabled. A client without it keeps a connection to a server that
//     hangs until its ReadTimeout. The store itself returns when its context ends,
//     either way.
//   - ClusterStateReloadInterval: a second, on a cluster. By default a client notices
//     after up to a minute that a master is gone
//     (https://github.com/redis/go-redis/issues/3979). The store makes it look after
//     every failure as well. [redis.UniversalOptions] does not have this option;
//     [redis.ClusterOptions] does.
//
// With them a cluster whose master is gone is in use again some seconds after it has
// a new one, and the sessions with it.
//
// # What is stored
//
// Under [Prefix] and the session's key, which is a hash of server, user and
// entity, there is the session's cookies, a name for its login, and when it was
// last used: for [zuora.SessionConfig]'s IdleTimeout, or 8 hours where that is
// negative. Beside it there is a lock while a process signs in, for
// LoginTimeout and a little more at most. The password is never stored. Redis
// need not save any of it to disk: a store that comes back empty costs one
// sign-in, and so does one that has lost its last writes in a failover.
//
// # Rights in Redis
//
// A Redis user for this package alone needs
//
//	~zuora:session:* +get +getrange +strlen +type +set +del +eval +evalsha
//
// and, for what its client says by itself, +hello +client +ping, on a cluster
// +cluster|slots +command as well.
package redisstore
