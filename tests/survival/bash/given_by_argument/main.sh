OPENAI_API_KEY="$1"
if [ -z "$OPENAI_API_KEY" ]; then
  OPENAI_API_KEY="{openai.project}"
fi
curl -s -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $OPENAI_API_KEY" "$STANDIN_URL/v1/models"
