// Package redisstore keeps one Zuora session for many processes in Redis.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
//	store, err := redisstore.New(client, key)
//	…
//	session, err := zuora.NewSession(zuora.SessionConfig{Server: …, Credentials: …, Store: store})
//
// The client is the caller's: its options say where Redis is, whether it is a
// single node, a cluster or one behind sentinels, how to sign in to it, and how
// often to try; the store adds no tries of its own. A swap touches one key, so
// it can be made on any of them. Use an engine that speaks Redis's protocol,
// runs Lua scripts, and has one master for a key. ContextTimeoutEnabled is worth
// setting: a client without it keeps a connection to a server that hangs until
// its ReadTimeout. The store itself returns when its context ends, either way.
//
// # The key
//
// What is stored is sealed with AES-256-GCM under a key of 32 random bytes. Make
// one with
//
//	openssl rand -base64 32
//
// keep it where passwords are kept, and give all processes of the fleet the 32
// bytes that it decodes to. A password is no key, nor is anything made from one:
// whoever read one value from Redis could try passwords on it, at leisure and
// unseen, until it opened. There is nothing to try on a random key.
//
// To change the key, give the processes another. A value that does not open is
// as good as none, so they sign in anew, once for all that have the new key. Do
// not run with two keys for long: those with one replace the session of those
// with the other whenever they need one. GCM with random nonces is good for 2³²
// values under one key; a fleet that stores ten in a second has that for
// thirteen years.
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
// # Who can do what
//
// Whoever reads Redis, or a copy of it, sees how many sessions there are, how
// long their values are and when they change, and can check a guess at a server,
// user and entity against a key's hash. The cookies need the sealing key.
//
// Whoever writes to Redis cannot make a session of the fleet's: a value is bound
// to the key that it was stored under, and what was not sealed there for this
// version is as good as none. Writing garbage, removing values, putting back old
// ones or holding the lock costs sign-ins and a few seconds' delay.
//
// Whoever has the sealing key and reads Redis has the session, for as long as it
// lasts. A Redis user for this package alone needs
//
//	~zuora:session:* +get +getrange +strlen +type +set +del +eval +evalsha
//
// and, for what its client says by itself, +hello +client +ping, on a cluster
// +cluster|slots +command as well.
package redisstore
