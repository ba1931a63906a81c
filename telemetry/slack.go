package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	slackTries   = 3
	slackTimeout = 5 * time.Second // each
	slackPause   = time.Second     // before the second; twice as long before the third
)

// Slack posts alerts to an incoming webhook of Slack, or of what understands the same: Mattermost, Rocket.Chat, Discord's /slack. It tries three
// times, unless the answer says that this has no use. The address is a secret, and is in no error.
func Slack(webhook string) Notifier { return slack(webhook, slackPause) }

func slack(webhook string, pause time.Duration) Notifier {
	return func(ctx context.Context, a Alert) (err error) {
		body, err := json.Marshal(map[string]string{"text": slackEscape.Replace(a.String())})
		if err != nil {
			return err
		}
		for try := range slackTries {
			if try > 0 && !sleep(ctx, pause<<(try-1)) {
				return err
			}
			var again bool
			if again, err = post(ctx, webhook, body); !again {
				return err
			}
		}
		return err
	}
}

// slackEscape makes text of what would be markup: names are anybody's.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// post sends once. It tells whether to try again.
func post(ctx context.Context, address string, body []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, slackTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("the webhook's address is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok { // which quotes the address
			err = failed.Err
		}
		return true, fmt.Errorf("post to the webhook: %w", err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode < 300:
		return false, nil
	case response.StatusCode >= 500, response.StatusCode == http.StatusTooManyRequests:
		return true, fmt.Errorf("the webhook answered %d", response.StatusCode)
	default:
		return false, fmt.Errorf("the webhook answered %d", response.StatusCode)
	}
}

// sleep waits, and tells whether it was to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
