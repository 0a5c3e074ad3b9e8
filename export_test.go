package zuora

import "time"

// Suspend simulates for s that the machine was suspended for d: the wall clock has gone
// on, and the monotonic one has not.
func Suspend(s *Session, d time.Duration) {
	g := s.state().current.Load()
	g.Wall.Add(-int64(d))
	g.begun.Wall -= int64(d)
}
