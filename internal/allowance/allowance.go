// Package allowance lets something happen so many times in a while.
package allowance

import (
	"sync"
	"time"
)

// Allowance is a number of places, each of which is taken for a while.
type Allowance struct {
	mu    sync.Mutex
	until [3]time.Time
}

// per is how long a place is taken, unless it is given back.
const per = 30 * time.Second

// Take takes a place, and reports whether one was left. giveBack is for what
// turned out not to count.
func (a *Allowance) Take() (giveBack func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for i, until := range a.until {
		if now.Before(until) {
			continue
		}
		mine := now.Add(per)
		a.until[i] = mine
		return func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.until[i].Equal(mine) {
				a.until[i] = time.Time{}
			}
		}, true
	}
	return nil, false
}
