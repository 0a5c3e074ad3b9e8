package typed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
)

// Upload is a file to send as a form.
type Upload struct {
	Field string // the form's name for the file
	Name  string // the file's name
	File  io.Reader
}

// attach makes the file the body of req, without reading it. A file that is an
// [io.Seeker] can be sent a second time, from where it stood.
func (u *Upload) attach(req *http.Request) error {
	if u.File == nil {
		return errors.New("the file is nil")
	}
	if u.Name == "" {
		return errors.New("the file's name is empty")
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if _, err := w.CreateFormFile(u.Field, u.Name); err != nil {
		return err
	}
	head := bytes.Clone(form.Bytes())
	form.Reset()
	if err := w.Close(); err != nil {
		return err
	}
	tail := form.Bytes()
	body := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(head), u.File, bytes.NewReader(tail))), nil
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Body, _ = body()
	req.ContentLength = -1
	seeker, ok := u.File.(io.Seeker)
	if !ok {
		return nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil // a pipe, for instance, which only looks like a file
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("the file's end: %w", err)
	}
	if _, err := seeker.Seek(start, io.SeekStart); err != nil {
		return fmt.Errorf("the file's beginning: %w", err)
	}
	req.ContentLength = int64(len(head)+len(tail)) + end - start
	req.GetBody = func() (io.ReadCloser, error) {
		if _, err := seeker.Seek(start, io.SeekStart); err != nil {
			return nil, err
		}
		return body()
	}
	return nil
}
