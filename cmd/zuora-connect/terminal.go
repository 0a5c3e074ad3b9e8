package main

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// terminal reports whether v is a terminal: a device for characters, other than the null
// device.
func terminal(v any) bool {
	file, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

var errBinary = errors.New("it is binary, and a terminal does not show that well: redirect standard output to a file")

// textOnly writes text to a terminal. It refuses other control characters than tabs and
// ends of lines, because a terminal would act on them.
type textOnly struct{ io.Writer }

func (w textOnly) Write(p []byte) (int, error) {
	if bytes.ContainsFunc(p, func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || 0x7F <= r && r < 0xA0
	}) {
		return 0, errBinary
	}
	return w.Writer.Write(p)
}
