// Package orders creates, previews and reads orders. An order creates subscriptions
// of an account, and changes, renews and ends them:
//
//	api := orders.New(session)
//	order, err := api.CreateOrder(ctx, orders.NewOrder{
//		ExistingAccountNumber: "A00000001", OrderDate: "2026-03-01",
//		Subscriptions: []orders.OrderSubscription{{
//			SubscriptionNumber: "A-S00000041",
//			OrderActions: []orders.OrderAction{{
//				Type: orders.ActionTypeAddProduct, TriggerDates: orders.TriggerDatesOn("2026-03-01"),
//				AddProduct: &orders.AddProduct{ProductRatePlanID: "8ad08f7c5bbd2b3d015bc7f2b0c40cf3"},
//			}},
//		}},
//	}, nil, zuora.WithIdempotencyKey(key))
//	…
//	fmt.Println(order.OrderNumber, order.Status)
//
// The examples create, renew and cancel a subscription. An order with more than 50
// subscriptions or actions is a job: see [API.CreateOrderAsync].
package orders

import (
	"context"
	"strings"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/typed"
)

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/orders/openapi.yaml -out ../../api/orders
//go:generate go run -C ../../tools ./apidoc

// TriggerDatesOn returns the three trigger dates of an action that takes effect, is
// activated and is accepted on one day.
func TriggerDatesOn(day zuora.Date) []TriggerDate {
	return []TriggerDate{
		{Name: TriggerNameContractEffective, TriggerDate: day},
		{Name: TriggerNameServiceActivation, TriggerDate: day},
		{Name: TriggerNameCustomerAcceptance, TriggerDate: day},
	}
}

// WaitForAsyncJob waits until a job that creates or previews an order is completed,
// and returns it. It polls after a second, and then less often, down to every 30 s. A job that
// failed is returned together with an error with Zuora's message.
func (a *API) WaitForAsyncJob(ctx context.Context, jobID string) (*AsyncJob, error) {
	return typed.Wait(ctx, func() (*AsyncJob, typed.Progress, error) {
		job, err := a.GetAsyncJob(ctx, jobID, nil)
		if job == nil {
			return nil, typed.Progress{}, err
		}
		p := typed.Progress{Status: string(job.Status), Reason: job.reason()}
		switch {
		case job.Status == JobStatusProcessing:
			p.State = typed.Running
		case job.Status == JobStatusFailed, job.Status == JobStatusCompleted && p.Reason != "" && !job.Result.Success:
			p.State = typed.Failed
		case job.Status == JobStatusCompleted:
			p.State = typed.Done
		}
		return job, p, err
	})
}

// reason returns why the job failed, or "" if that is not known.
func (j *AsyncJob) reason() string {
	var texts []string
	switch errors := j.Errors; {
	case errors.Text() != "":
		texts = append(texts, errors.Text())
	case strings.HasPrefix(string(errors), "[") && errors != "[]", strings.HasPrefix(string(errors), "{"):
		texts = append(texts, string(errors))
	}
	for _, r := range j.Result.Reasons {
		texts = append(texts, r.Message)
	}
	return strings.Join(texts, "; ")
}
