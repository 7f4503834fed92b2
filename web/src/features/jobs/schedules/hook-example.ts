// What somebody types to call a schedule by hand.

export function curlExample(url: string): string {
  return [
    `SECRET='…'`,
    `BODY='{"why":"by hand"}'`,
    "AT=$(date +%s)",
    `SIGNATURE=$(printf %s "$AT.$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/.* //')`,
    `curl -X POST '${url}' \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -H "X-Diwan-Timestamp: $AT" \\`,
    `  -H "X-Diwan-Signature: v1=$SIGNATURE" \\`,
    `  -d "$BODY"`,
  ].join("\n");
}

export function leadKey(provider: "diwan" | "github" | "gitlab" | "gitea") {
  return `lead_${provider}` as const;
}
