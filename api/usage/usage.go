// Package usage reports what customers have used to Zuora: in files, or record by record.
//
//	file, err := os.Open("usage.csv")
//	…
//	defer file.Close()
//	api := usage.New(session)
//	upload, err := api.UploadUsage(ctx, "usage.csv", file)
//	…
//	_, err = api.WaitForImport(ctx, upload) // err if Zuora has refused what is in the file
package usage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/usage/openapi.yaml -out ../../api/usage
//go:generate go run -C ../../tools ./apidoc

// WaitForImport waits until the file of an upload is imported. It polls after a
// second, and then less often, down to every 30 s. An import that failed or was canceled,
// of which nothing is kept, is returned together with an error with Zuora's message.
func (a *API) WaitForImport(ctx context.Context, upload *Upload) (*Import, error) {
	if upload == nil {
		return nil, errors.New("zuora: WaitForImport: upload is nil")
	}
	u, err := url.Parse(upload.CheckImportStatus)
	if err != nil {
		return nil, fmt.Errorf("zuora: checkImportStatus %.100q is not a path", upload.CheckImportStatus)
	}
	_, id, found := strings.Cut(u.Path, "/v1/usage/")
	id, isStatus := strings.CutSuffix(id, "/status")
	if !found || !isStatus {
		return nil, fmt.Errorf("zuora: checkImportStatus %.100q does not have the form /v1/usage/{id}/status", upload.CheckImportStatus)
	}
	return typed.Wait(ctx, func() (*Import, typed.Progress, error) {
		status, err := a.GetImportStatus(ctx, id, nil)
		if status == nil {
			return nil, typed.Progress{}, err
		}
		p := typed.Progress{Status: string(status.ImportStatus), Reason: status.Message}
		switch status.ImportStatus {
		case ImportStatusPending, ImportStatusProcessing:
			p.State = typed.Running
		case ImportStatusCompleted:
			p.State = typed.Done
		case ImportStatusFailed, ImportStatusCanceled, "Cancelled":
			p.State = typed.Failed
		}
		return status, p, err
	})
}
