// Package billing previews what accounts will be billed, and runs bill runs.
//
//	api := billing.New(session)
//	preview, err := api.PreviewBilling(ctx, billing.PreviewRequest{AccountID: id, TargetDate: "2017-12-31"})
//	…
//	for _, item := range preview.InvoiceItems {
//		fmt.Println(item.ChargeName, item.ServiceStartDate, item.ChargeAmount)
//	}
package billing

import (
	"context"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/billing/openapi.yaml -out ../../api/billing
//go:generate go run -C ../../tools ./apidoc

// WaitForBillingPreviewRun waits until a billing preview run is completed, and
// returns it. It polls after a second, and then less often, down to every 30 s. A run that
// failed or was canceled is returned together with an error with Zuora's message.
func (a *API) WaitForBillingPreviewRun(ctx context.Context, id string) (*BillingPreviewRun, error) {
	return typed.Wait(ctx, func() (*BillingPreviewRun, typed.Progress, error) {
		run, err := a.GetBillingPreviewRun(ctx, id, nil)
		if run == nil {
			return nil, typed.Progress{}, err
		}
		p := typed.Progress{Status: string(run.Status), Reason: run.ErrorMessage}
		switch run.Status { // the document has numbers for them, too
		case RunStatusPending, RunStatusProcessing, "0", "1":
			p.State = typed.Running
		case RunStatusCompleted, "2":
			p.State = typed.Done
		case RunStatusError, RunStatusCanceled, "3", "4":
			p.State = typed.Failed
		}
		return run, p, err
	})
}

// WaitForBillRun waits until a bill run has made its invoices, or posted them, and
// returns it. It polls after a second, and then less often, down to every 30 s. A bill run
// that failed or was canceled is returned together with an error.
func (a *API) WaitForBillRun(ctx context.Context, id string) (*BillRun, error) {
	return typed.Wait(ctx, func() (*BillRun, typed.Progress, error) {
		run, err := a.GetBillRun(ctx, id, nil)
		if run == nil {
			return nil, typed.Progress{}, err
		}
		p := typed.Progress{Status: string(run.Status)}
		switch run.Status {
		case BillRunStatusPending, BillRunStatusProcessing, BillRunStatusPostInProgress:
			p.State = typed.Running
		case BillRunStatusCompleted, BillRunStatusPosted:
			p.State = typed.Done
		case BillRunStatusError, BillRunStatusCanceled:
			p.State = typed.Failed
		}
		return run, p, err
	})
}

// PostBillRun begins to post the invoices of a completed bill run. WaitForBillRun
// waits for it: a status that is Completed again means that some were not posted.
//
// It calls PUT /v1/object/bill-run/{id}.
func (a *API) PostBillRun(ctx context.Context, id string, editors ...zuora.RequestEditorFn) (*SaveResult, error) {
	return a.UpdateBillRun(ctx, id, BillRunUpdate{Status: BillRunStatusPosted}, nil, editors...)
}

// CancelBillRun begins to cancel a bill run of which no invoice is posted.
//
// It calls PUT /v1/object/bill-run/{id}.
func (a *API) CancelBillRun(ctx context.Context, id string, editors ...zuora.RequestEditorFn) (*SaveResult, error) {
	return a.UpdateBillRun(ctx, id, BillRunUpdate{Status: BillRunStatusCanceled}, nil, editors...)
}
