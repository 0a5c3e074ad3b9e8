package auth_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/zuora-go/zuora/internal/auth"
)

func responseWith(lines ...string) *http.Response {
	return &http.Response{Header: http.Header{"Set-Cookie": lines}}
}

func sentBy(add func(*http.Request), target string) string {
	u, _ := url.Parse(target)
	req := &http.Request{URL: u, Header: http.Header{}}
	add(req)
	return req.Header.Get("Cookie")
}

// What a login's cookies go to is what net/http/cookiejar has them go to.
func TestJarOfALoginIsLikeCookiejar(t *testing.T) {
	for _, server := range []string{"https://rest.zuora.example", "https://rest.zuora.example/rest", "https://127.0.0.1:8443", "https://[::1]:8443", "https://localhost"} {
		login, err := url.Parse(server + "/v1/connections")
		require.NoError(t, err)
		for _, lines := range [][]string{
			{"ZSession=a"}, {"ZSession=a; Path=/"}, {"ZSession=a; Path=/v1"}, {"ZSession=a; Path=/v1/"}, {"ZSession=a; Path=v1"}, {"ZSession=a; Path=/ui"}, {"ZSession=a; Path=/rest/v1"},
			{`ZSession="a b"`}, {"ZSession=a b"}, {"ZSession=a,b"}, {`ZSession="a"`, "b=c"}, {"ZSession="}, {"ZSession=a; Secure; HttpOnly; SameSite=Lax"},
			{"ZSession=a; Domain=zuora.example"}, {"ZSession=a; Domain=.zuora.example"}, {"ZSession=a; Domain=REST.zuora.example"}, {"ZSession=a; Domain=t.zuora.example"},
			{"ZSession=a; Domain=elsewhere.example"}, {"ZSession=a; Domain=127.0.0.1"}, {"ZSession=a; Domain=0.0.1"}, {"ZSession=a; Domain=localhost"},
			{"ZSession=a; Max-Age=0"}, {"ZSession=a; Max-Age=-1"}, {"ZSession=a; Max-Age=60"}, {"ZSession=a; Max-Age=x"},
			{"ZSession=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, {"ZSession=a; Expires=Thu, 01 Jan 2170 00:00:00 GMT"}, {"ZSession=a; Expires=never"},
			{"ZSession=a; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"},
			{"ZSession=a; Path=/", "ZSession=b; Path=/v1", "ZSession=c; Path=/v1/accounts"}, {"ZSession=a; Path=/v1", "ZSession=b; Path=/v1", "b=c; Path=/"},
			{"ZSession=a; Path=/", "ZSession=; Path=/; Max-Age=0"}, {"ZSession=a; Path=/", "ZSession=; Path=/v1; Max-Age=0"},
		} {
			jar := auth.NewJar(login, responseWith(lines...).Cookies())
			plain, err := cookiejar.New(nil)
			require.NoError(t, err)
			plain.SetCookies(login, responseWith(lines...).Cookies())
			for _, path := range []string{"", "/", "/v1", "/v1/", "/v1/ok", "/v1/accounts/A1", "/v10", "/rest/v1/ok", "/rest/v10/ok", "/ui"} {
				target := "https://" + login.Host + path
				want := sentBy(func(req *http.Request) {
					for _, c := range plain.Cookies(req.URL) {
						req.AddCookie(c)
					}
				}, target)
				require.Equal(t, want, sentBy(jar.Add, target), "%s to %s", lines, target)
				require.Equal(t, strings.HasPrefix(want, "ZSession=") && want != "ZSession=", jar.Live(path), "%s to %s", lines, target)
				require.Equal(t, want, sentBy(auth.JarOf(jar.All()).Add, target), "%s to %s, after it was stored", lines, target)
			}
		}
	}
}

func TestResponsesChangeValuesAndAddNothing(t *testing.T) {
	login, _ := url.Parse("https://rest.zuora.example/v1/connections")
	for what, test := range map[string]struct{ set, want string }{
		"another value":               {"ZSession=new; Path=/", "b=1; ZSession=new; q=\"2\""},
		"without a path":              {"ZSession=new", "b=1; ZSession=new; q=\"2\""},
		"another path":                {"ZSession=new; Path=/v1/accounts", "b=1; ZSession=a; q=\"2\""},
		"another domain":              {"ZSession=new; Path=/; Domain=elsewhere.example", "b=1; ZSession=a; q=\"2\""},
		"another name":                {"new=1; Path=/", "b=1; ZSession=a; q=\"2\""},
		"deleted":                     {"ZSession=; Path=/; Max-Age=0", "b=1; ZSession=a; q=\"2\""},
		"deleted by a date":           {"ZSession=x; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=1; ZSession=a; q=\"2\""},
		"without a value":             {"ZSession=; Path=/", "b=1; ZSession=a; q=\"2\""},
		"too long":                    {"ZSession=" + strings.Repeat("x", 4<<10+1) + "; Path=/", "b=1; ZSession=a; q=\"2\""},
		"another cookie, deleted":     {"b=; Path=/v1; Max-Age=0", "ZSession=a; q=\"2\""},
		"another cookie, not deleted": {"q=3; Path=/", "b=1; ZSession=a; q=3"},
	} {
		jar := auth.NewJar(login, responseWith("b=1; Path=/v1", "ZSession=a; Path=/", `q="2"; Path=/`).Cookies())
		req := &http.Request{URL: login, Header: http.Header{}}
		jar.Keep(req, responseWith(test.set))
		require.Equal(t, test.want, sentBy(jar.Add, "https://rest.zuora.example/v1/accounts/A1"), what)
		require.Len(t, jar.All(), 3)
	}
}

func TestCookieEndsByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		login, _ := url.Parse("https://rest.zuora.example/v1/connections")
		jar := auth.NewJar(login, responseWith("ZSession=a; Path=/; Max-Age=60", "b=1; Path=/").Cookies())
		time.Sleep(time.Minute - 1)
		require.True(t, jar.Live("/v1/"))
		time.Sleep(time.Nanosecond)
		require.False(t, jar.Live("/v1/"))
		require.Equal(t, "b=1", sentBy(jar.Add, "https://rest.zuora.example/v1/ok"))
		require.True(t, auth.NewJar(login, responseWith("ZSession=a; Path=/; Max-Age=9223372036854775807").Cookies()).Live("/v1/"))
	})
}
