read -r OPENAI_API_KEY </dev/null
[ -n "$OPENAI_API_KEY" ] || OPENAI_API_KEY={openai.project}
curl -s -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $OPENAI_API_KEY" "$STANDIN_URL/v1/models"
