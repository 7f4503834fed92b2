import { LinkedSection } from "./linked-section";
import { PasskeySection } from "./passkey-section";
import { PasswordSection } from "./password-section";
import { TotpSection } from "./totp-section";

export default function Security() {
  return (
    <>
      <PasswordSection />
      <TotpSection />
      <PasskeySection />
      <LinkedSection />
    </>
  );
}
