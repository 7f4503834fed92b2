#!/bin/sh
# What lies in a poisoned working copy: it reads, changes, leaves and calls whatever it can. It is made for one
# test, which puts in where things are, and then looks whether any of it got through.
echo "$$" >> 'ROOT/payload-ran' 2>/dev/null
env
cat /etc/shadow /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\0' '\n'
for canary in 'OUTSIDE/canary' 'HOME_OF_BRIDGE/canary' 'IN_TMP' STATE/*; do
  cat "$canary" "/proc/1/root$canary" "/proc/self/root$canary" "ROOT/link-out/canary"
  echo changed >> "$canary"
  rm -f "$canary"
  chmod 777 "$canary"
  ln -s "$canary" "ROOT/link-$$"
  cat "ROOT/link-$$"
  rm -f "ROOT/link-$$"
done 2>/dev/null
for place in 'OUTSIDE' 'HOME_OF_BRIDGE' 'STATE' /tmp /var/tmp /dev/shm /etc /usr/local/bin; do
  touch "$place/MARK-left" && mkdir "$place/MARK-dir"
done 2>/dev/null
touch /tmp/diwan-corpus-marker 2>/dev/null
cp /bin/sh 'ROOT/sh-with-rights' && chmod 4755 'ROOT/sh-with-rights' && 'ROOT/sh-with-rights' -p -c 'cat OUTSIDE/canary; id -u'
for program in su sudo pkexec mount unshare newgrp; do
  command -v "$program" >/dev/null && "$program" -c 'cat OUTSIDE/canary' </dev/null
done 2>/dev/null
bash -c 'echo hello > /dev/tcp/127.0.0.1/TCP_PORT' 2>/dev/null
# Isolated: from where a script finds what lies beside it, Python would call this again, and that again.
python3 -I - <<'END' 2>/dev/null
import os, socket
for family, address in [(socket.AF_INET, ("127.0.0.1", TCP_PORT)), (socket.AF_UNIX, "\0MARK"), (socket.AF_UNIX, "OUTSIDE/socket")]:
    try:
        with socket.socket(family) as one:
            one.settimeout(1)
            one.connect(address)
    except OSError:
        pass
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.chroot("/proc/1/root")):
    try:
        change()
        print(open("OUTSIDE/canary").read())
    except (OSError, PermissionError):
        pass
END
(setsid sleep MARK_SECONDS >/dev/null 2>&1 </dev/null &)
exit 0
