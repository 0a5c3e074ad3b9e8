// Package shelf reads [Book] and [Author] values: see [API.GetBook].
//
// # Example
//
//	book, err := shelf.New(session).GetBook(ctx, "1", nil)
package shelf

// AllBooks returns the books in a room. It ends with the first error.
func (a *API) AllBooks(ctx context.Context, room string) iter.Seq2[*Book, error] { return nil }

// Sort sorts books by title.
func Sort(books []Book) {}

func private() {}
