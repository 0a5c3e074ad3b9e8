package typed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// Upload is a file to send in a form. If it has a ContentType, it is sent without a form.
type Upload struct {
	Field  string // the form's name for the file
	Name   string // the file's name
	File   io.Reader
	Fields map[string]string // the form's other fields

	ContentType string // the file's, if there is no form

	mu   sync.Mutex   // guards reads of File
	turn atomic.Int64 // the number of the body that may read File
}

// uploadBody is a body that reads a file. A transport may read a body even after the
// response has arrived, so only the latest body may read the file.
type uploadBody struct {
	io.Reader
	upload *Upload
	turn   int64
}

func (b *uploadBody) Read(p []byte) (int, error) {
	b.upload.mu.Lock()
	defer b.upload.mu.Unlock()
	if b.turn != b.upload.turn.Load() {
		return 0, errors.New("zuora: this body may no longer read the file")
	}
	return b.Reader.Read(p)
}

func (b *uploadBody) Close() error { return nil }

// take makes all earlier bodies stop reading the file. It does not wait for a read that
// is in progress, which may take long.
func (u *Upload) take() int64 { return u.turn.Add(1) }

// attach makes the file the body of req, without reading it. If the file is an
// [io.Seeker], it can be sent a second time, from its present position.
func (u *Upload) attach(req *http.Request) error {
	if u.File == nil {
		return errors.New("the file is nil")
	}
	contentType, head, tail, err := u.form()
	if err != nil {
		return err
	}
	body := func(turn int64) io.ReadCloser {
		return &uploadBody{io.MultiReader(bytes.NewReader(head), u.File, bytes.NewReader(tail)), u, turn}
	}
	req.Header.Set("Content-Type", contentType)
	req.Body = body(u.take())
	req.ContentLength = -1
	seeker, ok := u.File.(io.Seeker)
	if !ok {
		return nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil // it cannot seek: a pipe, for instance
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
		turn := u.take()
		u.mu.Lock() // after a read that is in progress
		defer u.mu.Unlock()
		if _, err := seeker.Seek(start, io.SeekStart); err != nil {
			return nil, err
		}
		return body(turn), nil
	}
	return nil
}

// form returns the parts of the form before and after the file.
func (u *Upload) form() (contentType string, head, tail []byte, err error) {
	if u.ContentType != "" {
		return u.ContentType, nil, nil, nil
	}
	if u.Name == "" {
		return "", nil, nil, errors.New("the file's name is empty")
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for _, name := range slices.Sorted(maps.Keys(u.Fields)) {
		if err := w.WriteField(name, u.Fields[name]); err != nil {
			return "", nil, nil, err
		}
	}
	if _, err := w.CreateFormFile(u.Field, u.Name); err != nil {
		return "", nil, nil, err
	}
	head = bytes.Clone(form.Bytes())
	form.Reset()
	err = w.Close()
	return w.FormDataContentType(), head, form.Bytes(), err
}
