package storetest_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"os"
	"testing"
	"time"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/seal"
	"github.com/zuora-go/zuora/storetest"
)

// sqlStore is a store on PostgreSQL or SQLite, in a table
//
//	CREATE TABLE sessions (id text PRIMARY KEY, value bytea NOT NULL, ends bigint NOT NULL)
//
// Each change is one statement, so it is made completely or not at all.
type sqlStore struct{ db *sql.DB }

func (s sqlStore) Load(ctx context.Context, key string) (value []byte, err error) {
	err = s.db.QueryRowContext(ctx, `SELECT value FROM sessions WHERE id = $1 AND ends > $2`, key, time.Now().UnixMilli()).Scan(&value)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err == nil && value == nil: // some drivers return nil for an empty value
		return []byte{}, nil
	}
	return value, err
}

func (s sqlStore) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	now, ends := time.Now().UnixMilli(), time.Now().Add(ttl).UnixMilli()
	switch {
	case old == nil && new == nil:
		value, err := s.Load(ctx, key)
		return value == nil && err == nil, err
	case old == nil:
		return s.changes(ctx, `INSERT INTO sessions (id, value, ends) VALUES ($1, $2, $3) ON CONFLICT (id)
			DO UPDATE SET value = excluded.value, ends = excluded.ends WHERE sessions.ends <= $4`, key, new, ends, now)
	case new == nil:
		return s.changes(ctx, `DELETE FROM sessions WHERE id = $1 AND value = $2 AND ends > $3`, key, old, now)
	default:
		return s.changes(ctx, `UPDATE sessions SET value = $1, ends = $2 WHERE id = $3 AND value = $4 AND ends > $5`, new, ends, key, old, now)
	}
}

func (s sqlStore) changes(ctx context.Context, query string, args ...any) (bool, error) {
	result, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// A store on an SQL database, its test, and a session that uses it.
func Example() {
	var db *sql.DB // from sql.Open

	_ = func(t *testing.T) { // func TestStore(t *testing.T) {
		storetest.Run(t, func(t *testing.T) zuora.SessionStore { return sqlStore{db} })
	}

	var key []byte // 32 random bytes: see package seal
	store, err := seal.New(sqlStore{db}, key)
	if err != nil {
		log.Fatal(err)
	}
	session, err := zuora.NewSession(zuora.SessionConfig{
		Server:      zuora.ServerURLProductionUSCloud2,
		Credentials: zuora.Credentials{AccessKeyID: os.Getenv("ZUORA_ACCESS_KEY_ID"), SecretAccessKey: zuora.Secret(os.Getenv("ZUORA_SECRET_ACCESS_KEY"))},
		Store:       store,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
}
