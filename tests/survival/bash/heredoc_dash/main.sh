#!/usr/bin/env bash
ask() {
	curl -sS -o /dev/null -w '%{http_code}\n' -K - "$STANDIN_URL/models" <<-END
		header = "Authorization: Bearer {openai.project}"
	END
}
ask
