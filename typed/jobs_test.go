package typed_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/typed"
)

type step struct {
	status  string
	state   typed.State
	failure string
	err     error
}

// wait waits for a job that goes through steps, and stays at the last.
func wait(ctx context.Context, steps ...step) (polls int, err error) {
	job, err := typed.Wait(ctx, func() (*int, typed.Progress, error) {
		s := steps[min(polls, len(steps)-1)]
		polls++
		return new(polls), typed.Progress{Status: s.status, State: s.state, Reason: s.failure}, s.err
	})
	if job == nil || *job != polls {
		return polls, errors.New("not the last job")
	}
	return polls, err
}

func TestWaitPollsWithBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pending := step{"Pending", typed.Running, "", nil}
		start := time.Now()
		polls, err := wait(t.Context(), pending, pending, pending, pending, pending, pending, pending, pending, step{"Completed", typed.Done, "", nil})
		require.NoError(t, err)
		assert.Equal(t, 9, polls)
		took := time.Since(start) // 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 s, and up to a quarter less
		assert.LessOrEqual(t, took, 121*time.Second)
		assert.GreaterOrEqual(t, took, 90*time.Second)

		start = time.Now()
		polls, err = wait(t.Context(), step{"Completed", typed.Done, "", nil})
		require.NoError(t, err)
		assert.Equal(t, 1, polls)
		assert.Zero(t, time.Since(start))
	})
}

func TestWaitEndsWithWhyTheJobDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pending := step{"Pending", typed.Running, "", nil}
		_, err := wait(t.Context(), pending, step{"Failed", typed.Failed, "line 1: no such column", nil})
		assert.EqualError(t, err, `zuora: the job failed with the status "Failed": line 1: no such column`)
		_, err = wait(t.Context(), step{"Canceled", typed.Failed, "", nil})
		assert.EqualError(t, err, `zuora: the job failed with the status "Canceled"`)
		gone := errors.New("gone")
		_, err = wait(t.Context(), pending, step{err: gone})
		assert.ErrorIs(t, err, gone)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err = wait(ctx, pending)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorContains(t, err, `"Pending"`)
		assert.Equal(t, 10*time.Second, time.Since(start))
	})
}

func TestUnknownStatusIsWaitedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		odd := step{"Resting", typed.Unknown, "", nil}
		start := time.Now()
		_, err := wait(t.Context(), odd)
		assert.ErrorContains(t, err, `"Resting", which is not known`)
		assert.InDelta(t, 5*time.Minute, time.Since(start), float64(40*time.Second))
		_, err = wait(t.Context(), odd, odd, step{"Completed", typed.Done, "", nil})
		assert.NoError(t, err)
	})
}
