package zuora

import "time"

// Suspend makes s believe that the machine was suspended for d: its wall clock
// has gone on and its monotonic one has not.
func Suspend(s *Session, d time.Duration) {
	g := s.state().current.Load()
	g.Wall.Add(-int64(d))
	g.begun.Wall -= int64(d)
}
