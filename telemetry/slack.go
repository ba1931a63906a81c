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

// webhook is where alerts are posted.
type webhook struct {
	address string
	timeout time.Duration // of one try
	pause   time.Duration // before the second; twice as long before the third
}

const webhookTries = 3

// Slack posts alerts to an incoming webhook of Slack, or of what understands the same: Mattermost, Rocket.Chat, Discord's /slack. It tries three
// times, for five seconds each, unless the answer says that this has no use. It returns a *ConfigError for what is not the URL of a webhook, such as the
// value of a variable that is not set. The address is a secret, and is in no error.
func Slack(address string) (Notifier, error) {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, &ConfigError{"Notify", "the address of a webhook begins with https:// or http://, and a host follows"}
	}
	return webhook{address: address, timeout: 5 * time.Second, pause: time.Second}.notify, nil
}

func (w webhook) notify(ctx context.Context, a Alert) error {
	body, err := json.Marshal(map[string]string{"text": slackEscape.Replace(a.String())})
	if err != nil {
		return err
	}
	for try := range webhookTries {
		if try > 0 && !sleep(ctx, w.pause<<(try-1)) {
			return err
		}
		var again bool
		if again, err = w.post(ctx, body); !again {
			return err
		}
	}
	return err
}

// slackEscape makes text of what would be markup: names are anybody's.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// post sends once. It tells whether to try again.
func (w webhook) post(ctx context.Context, body []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address, bytes.NewReader(body))
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
