package typed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Progress is the progress of a job.
type Progress struct {
	Status string // as Zuora names it
	State  State
	Reason string // why the job failed
}

// State is the meaning of a job's status.
type State int

// The states. A status without a known meaning is Unknown.
const (
	Unknown State = iota
	Running
	Done
	Failed
)

const (
	firstPoll      = time.Second
	longestPoll    = 30 * time.Second
	unknownAtMost  = 5 * time.Minute
	jitterFraction = 4
)

// Wait calls poll until the job is done, and returns the last result of poll. It waits
// a second before the second poll and twice as long before each further one, up to 30 s,
// each time minus at most a quarter. If the job failed, Wait returns it together with an
// error that says why. Wait also ends if poll returns an error, or if ctx ends. A status
// that is Unknown counts as Running for five minutes, and then is an error.
func Wait[Job any](ctx context.Context, poll func() (*Job, Progress, error)) (*Job, error) {
	var unknownSince time.Time
	for wait := firstPoll; ; wait = min(2*wait, longestPoll) {
		job, p, err := poll()
		switch {
		case err != nil:
			return job, err
		case p.State == Done:
			return job, nil
		case p.State == Failed && p.Reason != "":
			return job, fmt.Errorf("zuora: the job failed with the status %.40q: %.500s", p.Status, p.Reason)
		case p.State == Failed:
			return job, fmt.Errorf("zuora: the job failed with the status %.40q", p.Status)
		case p.State == Running:
			unknownSince = time.Time{}
		case unknownSince.IsZero():
			unknownSince = time.Now()
		case time.Since(unknownSince) >= unknownAtMost:
			return job, fmt.Errorf("zuora: the job has the status %.40q, which is not known", p.Status)
		}
		timer := time.NewTimer(wait - rand.N(wait/jitterFraction))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return job, fmt.Errorf("zuora: waiting for the job, whose status was %.40q: %w", p.Status, context.Cause(ctx))
		}
	}
}
