// Package exports writes records to files, and reads files. Run does both:
//
//	file, err := exports.New(session).Run(ctx, "select Account.Id, Account.Balance from Account", exports.FormatCSV)
//	if err != nil {
//		return err
//	}
//	defer file.Close()
//	rows := csv.NewReader(file)
package exports

import (
	"context"
	"errors"
	"io"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/exports/openapi.yaml -out ../../api/exports
//go:generate go run -C ../../tools ./apidoc

// Run starts an export of what query selects, waits for it and returns its file,
// unread. The caller closes the file. If the export fails, Run returns an error with
// Zuora's reason. If ctx ends, the export continues at Zuora.
func (a *API) Run(ctx context.Context, query string, format Format, editors ...zuora.RequestEditorFn) (io.ReadCloser, error) {
	made, err := a.CreateExport(ctx, NewExport{Query: query, Format: format}, nil, editors...)
	if err != nil {
		return nil, err
	}
	export, err := a.WaitForExport(ctx, made.ID)
	if err != nil {
		return nil, err
	}
	if export.FileID == "" {
		return nil, errors.New("zuora: the export is completed, but has no file")
	}
	return a.GetFile(ctx, export.FileID, nil)
}

// WaitForExport waits until an export is completed, and returns it. It polls after a
// second, and then less often, down to every 30 s. An export that failed or was canceled
// is returned together with an error with Zuora's reason.
func (a *API) WaitForExport(ctx context.Context, id string) (*Export, error) {
	return typed.Wait(ctx, func() (*Export, typed.Progress, error) {
		export, err := a.GetExport(ctx, id, nil)
		if export == nil {
			return nil, typed.Progress{}, err
		}
		p := typed.Progress{Status: string(export.Status), Reason: export.StatusReason}
		switch export.Status {
		case StatusPending, StatusProcessing:
			p.State = typed.Running
		case StatusCompleted:
			p.State = typed.Done
		case StatusCanceled, StatusFailed, "Cancelled":
			p.State = typed.Failed
		}
		return export, p, err
	})
}
