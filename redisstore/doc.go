// Package redisstore keeps one Zuora session for many processes in Redis.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis:6379", MaxRetries: -1, ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client, key) // 32 random bytes
//	…
//	session, err := zuora.NewSession(zuora.SessionConfig{Server: …, Credentials: …, Store: store})
//
// What is stored is sealed: package [seal] explains how to make the key, and what
// somebody without it can do.
//
// # The client
//
// The client is the caller's. Its options say where Redis is, how to log in to it, and
// whether it is a single node, a cluster, or a node behind sentinels. A swap uses one
// key, so it works on all of them. Any engine will do that speaks Redis's protocol, runs
// Lua scripts, and has one master for each key.
//
// A session waits for each call of the store for at most a second, and then does without
// the store. These options keep a client within that time:
//
//   - MaxRetries: -1 and DialerRetries: 1. By default go-redis repeats a call up to
//     three times, and a connection five times. A session does not need that.
//   - DialTimeout, ReadTimeout and WriteTimeout: half a second. The default is five.
//   - ContextTimeoutEnabled. Without it a client keeps a connection to a server that
//     hangs until its ReadTimeout. The store itself returns when its context ends in
//     either case.
//   - ClusterStateReloadInterval: a second, on a cluster. By default it can take a client
//     a minute to notice that a master is gone
//     (https://github.com/redis/go-redis/issues/3979). The store also makes the client
//     reload after every failure. [redis.ClusterOptions] has this option,
//     [redis.UniversalOptions] does not.
//
// With these options, sessions share again some seconds after a cluster has replaced a
// master that is gone.
//
// # What is stored
//
// The session's cookies or token, a name for its login and the time of its last use are
// stored under [Prefix] and the session's key, which is a hash of server, user or client,
// and entity. Cookies are stored for [zuora.SessionConfig]'s IdleTimeout, or for 8 hours
// if that is negative, a token until it expires. While a process logs in, a lock is
// stored as well, for at most LoginTimeout and 10 seconds. The password and the client's
// secret are never stored. Redis need not save any of it to disk: if it restarts empty,
// or loses its last writes in a failover, that costs one login.
//
// # Rights in Redis
//
// A Redis user for this package alone needs
//
//	~zuora:session:* +get +getrange +strlen +type +set +del +eval +evalsha
//
// and +hello +client +ping for what its client sends by itself; on a cluster
// +cluster|slots +command as well.
package redisstore
