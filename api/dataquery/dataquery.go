// Package dataquery runs queries in SQL over a tenant's data. Run starts a query,
// waits for it and returns its rows one by one:
//
//	for row, err := range dataquery.New(session).Run(ctx, "SELECT accountnumber, balance FROM Account") {
//		if err != nil {
//			return err
//		}
//		fmt.Println(row["accountnumber"].Text(), row["balance"].Decimal())
//	}
package dataquery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/dataquery/openapi.yaml -out ../../api/dataquery
//go:generate go run -C ../../tools ./apidoc

// Option changes what [New] returns.
type Option func(*options)

type options struct{ files *http.Client }

// FileClient makes client fetch the files of queries. Without this option they are
// fetched by a client on [http.DefaultTransport]. Files are at another host than Zuora's,
// so neither the session nor a token is sent with these requests. The client itself is
// not changed. Only redirects within the file's host are followed.
func FileClient(client *http.Client) Option { return func(o *options) { o.files = client } }

// Run starts the query sql, waits for it and returns its rows, by the names of their
// columns. Only one row is in memory. If the query fails, that is an error. The sequence
// ends with the first error, which it yields with nil. If ctx ends, or the consumer
// stops, a running query continues at Zuora. Each range over the sequence starts the
// query again.
func (a *API) Run(ctx context.Context, sql string, editors ...zuora.RequestEditorFn) iter.Seq2[map[string]zuora.Value, error] {
	return func(yield func(map[string]zuora.Value, error) bool) {
		file, err := a.run(ctx, sql, editors)
		if err != nil {
			yield(nil, err)
			return
		}
		defer file.Close()
		for rows := json.NewDecoder(file); ; {
			var row map[string]zuora.Value
			switch err := rows.Decode(&row); {
			case err == io.EOF:
				return
			case err != nil:
				yield(nil, fmt.Errorf("zuora: read the query's file: %w", err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (a *API) run(ctx context.Context, sql string, editors []zuora.RequestEditorFn) (io.ReadCloser, error) {
	made, err := a.CreateJob(ctx, NewJob{
		Query: sql, OutputFormat: NewJobOutputFormatJSON, Compression: NewJobCompressionNone, Output: Output{Target: "S3"},
	}, editors...)
	if err != nil {
		return nil, err
	}
	job, err := a.WaitForJob(ctx, made.Data.ID)
	if err != nil {
		return nil, err
	}
	return a.OpenFile(ctx, job)
}

// WaitForJob waits until a job is completed, and returns it. It polls after a second,
// and then less often, down to every 30 s. A job that failed or was cancelled is returned
// beside an error.
func (a *API) WaitForJob(ctx context.Context, id string) (*Job, error) {
	return typed.Wait(ctx, func() (*Job, typed.Progress, error) {
		response, err := a.GetJob(ctx, id, nil)
		if response == nil {
			return nil, typed.Progress{}, err
		}
		job := &response.Data
		p := typed.Progress{Status: string(job.QueryStatus)}
		switch job.QueryStatus {
		case StatusSubmitted, StatusAccepted, StatusInProgress:
			p.State = typed.Running
		case StatusCompleted:
			p.State = typed.Done
		case StatusFailed, StatusCancelled:
			p.State = typed.Failed
		}
		return job, p, err
	})
}

// OpenFile returns the file of a completed job, unread. The caller closes it. The
// file must be at an https URL. A response other than 2xx is a [*zuora.Error]. No
// error shows the query of the file's URL, because that is a secret.
func (a *API) OpenFile(ctx context.Context, job *Job) (io.ReadCloser, error) {
	u, err := url.Parse(job.DataFile)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("zuora: the dataFile of job %.40q is not an https URL", job.ID)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("zuora: the dataFile of job %.40q makes no request", job.ID)
	}
	client := &http.Client{}
	if a.files != nil {
		*client = *a.files
	}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if req.URL.Scheme != "https" || !strings.EqualFold(req.URL.Host, u.Host) || len(via) >= 10 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	resp, err := client.Do(req)
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		err = failed.Err
		if strings.Contains(err.Error(), "?") {
			err = errors.New("its error is not shown, because it contains a URL")
		}
		return nil, fmt.Errorf("zuora: fetch the file of job %.40q from %s: %w", job.ID, u.Host, err)
	}
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err := zuora.CheckResponse(resp, body); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("zuora: fetch the file of job %.40q from %s: %s", job.ID, u.Host, resp.Status)
}
