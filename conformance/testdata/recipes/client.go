package main

import "fmt"

func main() {
	client, err := newClient(session)
	fmt.Println(client != nil, err)
}
