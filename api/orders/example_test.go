package orders_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"

	"github.com/zuora-go/zuora"
	"github.com/zuora-go/zuora/api/orders"
	"github.com/zuora-go/zuora/zuoratest"
)

// standIn returns a session on a stand-in tenant that prints the subscriptions of
// orders, and takes them all.
func standIn() (session *zuora.Session, close func()) {
	server := zuoratest.NewServer(zuoratest.Config{})
	server.HandleFunc("POST /v1/orders", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Printf("%s\n", body)
		zuoratest.Answer(200, "application/json", `{"success":true,"orderNumber":"O-00000042","status":"Completed",
			"subscriptions":[{"subscriptionNumber":"A-S00000041","status":"Active"}]}`).ServeHTTP(w, r)
	})
	session, err := zuora.NewSession(zuora.SessionConfig{Server: server.URL, Credentials: server.Credentials(), Base: server.Client().Transport})
	if err != nil {
		log.Fatal(err)
	}
	return session, func() { _ = session.Close(); server.Close() }
}

// Create a subscription of twelve months that renews itself, bill it, and take the
// money. One charge has a price of its own.
func ExampleAPI_CreateOrder() {
	session, done := standIn()
	defer done()

	order, err := orders.New(session).CreateOrder(context.Background(), orders.NewOrder{
		ExistingAccountNumber: "A00000001", OrderDate: "2026-03-01",
		Subscriptions: []orders.OrderSubscription{{OrderActions: []orders.OrderAction{{
			Type:         orders.ActionTypeCreateSubscription,
			TriggerDates: orders.TriggerDatesOn("2026-03-01"),
			CreateSubscription: &orders.CreateSubscription{
				Terms: &orders.Terms{
					InitialTerm:  orders.Term{TermType: orders.TermTypeTermed, Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth},
					AutoRenew:    new(true),
					RenewalTerms: []orders.RenewalTerm{{Period: new(int64(12)), PeriodType: orders.PeriodTypeMonth}},
				},
				SubscribeToRatePlans: []orders.AddProduct{{
					ProductRatePlanID: "8ad08f7c5bbd2b3d015bc7f2b0c40cf3",
					ChargeOverrides: []orders.ChargeOverride{{
						ProductRatePlanChargeID: "8ad08f7c5bbd2b3d015bc7f2b0d10cf5",
						Pricing:                 &orders.Pricing{RecurringPerUnit: &orders.PerUnitPricing{ListPrice: "9.50", Quantity: "3"}},
					}},
				}},
			},
		}}}},
		ProcessingOptions: &orders.ProcessingOptions{RunBilling: new(true), CollectPayment: new(true)},
	}, nil, zuora.WithIdempotencyKey("signup-4711"))
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range order.Subscriptions {
		fmt.Println(order.OrderNumber, order.Status, s.SubscriptionNumber, s.Status)
	}
	// Output:
	// {"orderDate":"2026-03-01","existingAccountNumber":"A00000001","subscriptions":[{"orderActions":[{"type":"CreateSubscription","triggerDates":[{"name":"ContractEffective","triggerDate":"2026-03-01"},{"name":"ServiceActivation","triggerDate":"2026-03-01"},{"name":"CustomerAcceptance","triggerDate":"2026-03-01"}],"createSubscription":{"terms":{"initialTerm":{"termType":"TERMED","period":12,"periodType":"Month"},"autoRenew":true,"renewalTerms":[{"period":12,"periodType":"Month"}]},"subscribeToRatePlans":[{"productRatePlanId":"8ad08f7c5bbd2b3d015bc7f2b0c40cf3","chargeOverrides":[{"productRatePlanChargeId":"8ad08f7c5bbd2b3d015bc7f2b0d10cf5","pricing":{"recurringPerUnit":{"listPrice":9.50,"quantity":3}}}]}]}}]}],"processingOptions":{"runBilling":true,"collectPayment":true}}
	// O-00000042 Completed A-S00000041 Active
}

// Add a rate plan to a subscription, as the catalog has it.
func ExampleAPI_CreateOrder_addProduct() {
	session, done := standIn()
	defer done()

	order, err := orders.New(session).CreateOrder(context.Background(), orders.NewOrder{
		ExistingAccountNumber: "A00000001", OrderDate: "2026-03-01",
		Subscriptions: []orders.OrderSubscription{{
			SubscriptionNumber: "A-S00000041",
			OrderActions: []orders.OrderAction{{
				Type:       orders.ActionTypeAddProduct,
				AddProduct: &orders.AddProduct{ProductRatePlanID: "8ad08f7c5bbd2b3d015bc7f2b0c40cf3"},
			}},
		}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.OrderNumber, order.Status)
	// Output:
	// {"orderDate":"2026-03-01","existingAccountNumber":"A00000001","subscriptions":[{"subscriptionNumber":"A-S00000041","orderActions":[{"type":"AddProduct","addProduct":{"productRatePlanId":"8ad08f7c5bbd2b3d015bc7f2b0c40cf3"}}]}]}
	// O-00000042 Completed
}

// Renew a subscription for the term that it has. That action needs nothing else.
func ExampleAPI_CreateOrder_renew() {
	session, done := standIn()
	defer done()

	order, err := orders.New(session).CreateOrder(context.Background(), orders.NewOrder{
		ExistingAccountNumber: "A00000001", OrderDate: "2026-03-01",
		Subscriptions: []orders.OrderSubscription{{
			SubscriptionNumber: "A-S00000041",
			OrderActions:       []orders.OrderAction{{Type: orders.ActionTypeRenewSubscription}},
		}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.OrderNumber, order.Status)
	// Output:
	// {"orderDate":"2026-03-01","existingAccountNumber":"A00000001","subscriptions":[{"subscriptionNumber":"A-S00000041","orderActions":[{"type":"RenewSubscription"}]}]}
	// O-00000042 Completed
}

// Cancel a subscription on a day.
func ExampleAPI_CreateOrder_cancel() {
	session, done := standIn()
	defer done()

	order, err := orders.New(session).CreateOrder(context.Background(), orders.NewOrder{
		ExistingAccountNumber: "A00000001", OrderDate: "2026-03-01",
		Subscriptions: []orders.OrderSubscription{{
			SubscriptionNumber: "A-S00000041",
			OrderActions: []orders.OrderAction{{
				Type: orders.ActionTypeCancelSubscription,
				CancelSubscription: &orders.CancelSubscription{
					CancellationPolicy: orders.CancellationPolicySpecificDate, CancellationEffectiveDate: "2026-06-30",
				},
			}},
		}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(order.OrderNumber, order.Status)
	// Output:
	// {"orderDate":"2026-03-01","existingAccountNumber":"A00000001","subscriptions":[{"subscriptionNumber":"A-S00000041","orderActions":[{"type":"CancelSubscription","cancelSubscription":{"cancellationPolicy":"SpecificDate","cancellationEffectiveDate":"2026-06-30"}}]}]}
	// O-00000042 Completed
}
