// Package subscriptions creates, reads, changes and ends subscriptions of accounts
// to products. A subscription is named by its ID or its number:
//
//	api := subscriptions.New(session)
//	created, err := api.CreateSubscription(ctx, subscriptions.NewSubscription{
//		AccountKey: "A00000001", ContractEffectiveDate: "2026-03-01",
//		TermType: subscriptions.TermTypeTermed, InitialTerm: new(int64(12)), RenewalTerm: new(int64(12)), AutoRenew: new(true),
//		SubscribeToRatePlans: []subscriptions.NewRatePlan{{ProductRatePlanID: "8ad08f7c5bbd2b3d015bc7f2b0c40cf3"}},
//	})
//	…
//	for subscription, err := range api.AllSubscriptionsByAccount(ctx, "A00000001", nil) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(subscription.SubscriptionNumber, subscription.Status, subscription.ContractedMrr)
//	}
//	_, err = api.CancelSubscription(ctx, created.SubscriptionNumber, subscriptions.Cancellation{
//		CancellationPolicy: subscriptions.CancellationPolicyEndOfCurrentTerm,
//	})
package subscriptions

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/subscriptions/openapi.yaml -out ../../api/subscriptions
//go:generate go run -C ../../tools ./apidoc
