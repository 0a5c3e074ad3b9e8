// Package catalog reads and changes the product catalog: products, their rate
// plans and the charges of these.
//
//	for product, err := range catalog.New(session).AllProducts(ctx, nil) {
//		if err != nil {
//			return err
//		}
//		for _, plan := range product.ProductRatePlans {
//			fmt.Println(product.Name, plan.Name, plan.Status)
//		}
//	}
//
// A [Product] contains its [RatePlan] items, and these their [RatePlanCharge]
// items. To change the catalog, each of them is a record of its own, such as
// [NewProduct] and [ProductUpdate].
package catalog

//go:generate go run -C ../../cmd/zuora-generate . -spec ../../api/catalog/openapi.yaml -out ../../api/catalog
//go:generate go run -C ../../tools ./apidoc
