package shelf

func OnlyForTests() {}
