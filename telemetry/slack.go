package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webhook is where alerts are posted.
type webhook struct {
	client  *http.Client
	address string
	timeout time.Duration // of one try
	pause   time.Duration // before the second, if the answer asks for no longer one; twice as long before the third
}

const (
	webhookTries = 3
	longestPause = time.Minute // that an answer can ask for
)

// Slack posts alerts to an incoming webhook of Slack, or of what understands the same: Mattermost, Rocket.Chat, Discord's /slack. It tries three
// times, for five seconds each, unless the answer says that this has no use, and waits before it does for as long as the answer asks, up to a minute. It returns a *ConfigError for what is not the URL of a webhook, such as the
// value of a variable that is not set. The address is a secret, and is in no error.
func Slack(address string) (Notifier, error) {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, &ConfigError{"Notify", "the address of a webhook begins with https:// or http://, and a host follows"}
	}
	return webhook{client: http.DefaultClient, address: address, timeout: 5 * time.Second, pause: time.Second}.notify, nil
}

func (w webhook) notify(ctx context.Context, a Alert) error {
	body, err := json.Marshal(map[string]string{"text": slackEscape.Replace(a.String())})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		after, err := w.post(ctx, body)
		if err == nil || after == never || try == webhookTries || !sleep(ctx, max(after, w.pause*time.Duration(try))) {
			return err
		}
	}
}

// slackEscape makes text of what would be markup: names are anybody's.
var slackEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// never is when to try again what has no use.
const never time.Duration = -1

// post sends once. It tells after what time to try again.
func (w webhook) post(ctx context.Context, body []byte) (after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address, bytes.NewReader(body))
	if err != nil {
		return never, errors.New("the webhook's address is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok { // which quotes the address
			err = failed.Err
		}
		return 0, fmt.Errorf("post to the webhook: %w", err)
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode < 300:
		return never, nil
	case response.StatusCode >= 500, response.StatusCode == http.StatusTooManyRequests:
		return retryAfter(response.Header), fmt.Errorf("the webhook answered %d", response.StatusCode)
	default:
		return never, fmt.Errorf("the webhook answered %d", response.StatusCode)
	}
}

// retryAfter is the time that an answer asks for, in seconds, as those do who limit rates.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, longestPause)
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
