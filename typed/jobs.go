package typed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// State is what a job's status means.
type State int

// A status that nobody knows is Unknown.
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

// Wait calls poll until the job is done, and returns what poll returned last. It
// waits a second before the second poll, twice as long before each that follows,
// to 30 s, and up to a quarter less. poll says what the job's status means, and
// why a job failed: that is returned as an error beside the job. An error of poll
// ends Wait, and so does ctx. A status that is Unknown counts as Running for five
// minutes, then it is an error.
func Wait[Job any](ctx context.Context, poll func() (job *Job, status string, state State, failure string, err error)) (*Job, error) {
	var unknownSince time.Time
	for wait := firstPoll; ; wait = min(2*wait, longestPoll) {
		job, status, state, failure, err := poll()
		switch {
		case err != nil:
			return job, err
		case state == Done:
			return job, nil
		case state == Failed && failure != "":
			return job, fmt.Errorf("zuora: the job failed with the status %.40q: %.500s", status, failure)
		case state == Failed:
			return job, fmt.Errorf("zuora: the job failed with the status %.40q", status)
		case state == Running:
			unknownSince = time.Time{}
		case unknownSince.IsZero():
			unknownSince = time.Now()
		case time.Since(unknownSince) >= unknownAtMost:
			return job, fmt.Errorf("zuora: the job has the status %.40q, which is not known", status)
		}
		timer := time.NewTimer(wait - rand.N(wait/jitterFraction))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return job, fmt.Errorf("zuora: waiting for the job, whose status was %.40q: %w", status, context.Cause(ctx))
		}
	}
}
