package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/zuoratest"
)

// newTerminal returns a terminal, and the other end of it.
func newTerminal(t *testing.T) (terminal, other *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = other.Close() })
	var unlock, number int32
	for request, argument := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, other.Fd(), request, uintptr(unsafe.Pointer(argument)))
		require.Zero(t, errno)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = terminal.Close() })
	return terminal, other
}

func TestSecretTypedAtATerminalIsAnnouncedToBeShown(t *testing.T) {
	server := newServer(t)
	terminal, other := newTerminal(t)
	_, err := other.WriteString(string(server.Credentials().SecretAccessKey) + "\n")
	require.NoError(t, err)
	i := on(server, "-secret-file", "-")
	i.stdin = terminal
	got := i.run(t)
	assert.Equal(t, exitOK, got.code, got.stderr)
	assert.Contains(t, got.stderr, "It will be shown as you type it.")

	i.stdin = strings.NewReader(string(server.Credentials().SecretAccessKey))
	assert.NotContains(t, i.run(t).stderr, "shown")
}

func TestBinaryBodiesDoNotGoToATerminal(t *testing.T) {
	server := newServer(t)
	for name, body := range map[string]string{"zip": "PK\x03\x04\x14\x00", "escape": "text \x1b[2J", "another escape": "text \u009b2J", "text": "name\tZoë\r\n", "later": strings.Repeat("text ", 20_000) + "\x00"} {
		server.Handle("GET /v1/"+strings.ReplaceAll(name, " ", "")+"/it", zuoratest.Answer(http.StatusOK, "application/octet-stream", body))
		t.Run(name, func(t *testing.T) {
			terminal, other := newTerminal(t)
			shown := make(chan string, 1)
			go func() {
				b, _ := io.ReadAll(other) // ends with an error when the terminal is closed
				shown <- string(b)
			}()
			i := on(server, "/v1/"+strings.ReplaceAll(name, " ", "")+"/it")
			i.stdout = terminal
			got := i.run(t)
			require.NoError(t, terminal.Close())
			text := ""
			select {
			case text = <-shown:
			case <-time.After(time.Minute):
				t.Fatal("the terminal does not end")
			}
			assert.NotContains(t, text, "\x00")
			assert.NotContains(t, text, "\x1b")
			if name == "text" {
				assert.Equal(t, exitOK, got.code)
				assert.Contains(t, text, "Zoë")
				return
			}
			assert.Equal(t, exitCall, got.code)
			assert.Contains(t, got.stderr, "redirect standard output to a file")
		})
	}
	t.Run("the null device is no terminal", func(t *testing.T) {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		require.NoError(t, err)
		defer func() { _ = null.Close() }()
		i := on(server, "/v1/zip/it")
		i.stdout = null
		assert.Equal(t, exitOK, i.run(t).code)
	})
}
