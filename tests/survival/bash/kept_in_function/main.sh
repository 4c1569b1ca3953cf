ask() {
  local tok=$1
  curl -s -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer ${tok:-{openai.project}}" "$STANDIN_URL/v1/models"
}
ask ""
