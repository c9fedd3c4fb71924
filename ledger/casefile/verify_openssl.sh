#!/bin/sh
# Checks a case file with a POSIX shell, openssl and the tools beside it (awk, sed, od, cmp, find):
#
#     sh verify_openssl.sh [TRUST-ANCHOR [TIMESTAMP-AUTHORITY.pem]]
#
# in the folder the ZIP was unzipped to. Give the trust anchor you hold, or the file's own is used;
# and the certificate of the timestamp authority you trust, where there is a checkpoint.tsr.
# Ends with one line. Exit 0: VALID. 3: PARTIAL, something could not be checked. 4: INVALID.
#
# What it looks at: MANIFEST; the log's signature under the checkpoint; for each line its one form,
# its signature by a key that was enrolled before it and not revoked, its leaf hash and its proof
# on the checkpoint; within each subject that versions count 1, 2, 3 and follow one another. Where
# flags.json says that only what is cited is here, versions left out are counted and said; of keys,
# rules and reviews none may be.
# What it leaves to `chip-ledger case verify`: roles, periods and possession of keys, the two-person
# rule, the form of events, the order of times, and whether packs and flags fit the entries.

LC_ALL=C
export LC_ALL
type=application/vnd.chip-ledger.event.v1+json

anchor=anchor
if [ $# -gt 0 ]; then
  case $1 in /*) anchor=$1 ;; *) anchor=$PWD/$1 ;; esac
fi
authority=
if [ $# -gt 1 ]; then
  case $2 in /*) authority=$2 ;; *) authority=$PWD/$2 ;; esac
fi
cd "$(dirname "$0")" || exit 2
for file in MANIFEST entries.jsonl checkpoint "$anchor"; do
  if [ ! -f "$file" ]; then
    echo "error: there is no $file here" >&2
    echo "hint: unzip the case file, then: sh verify_openssl.sh" >&2
    exit 2
  fi
done
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

faults=0
unchecked=0
wrong() {
  printf 'wrong: %s\n' "$*"
  faults=$((faults + 1))
}

# Bytes as octal escapes, which printf %b writes: a shell holds no zero byte.
octal() {
  # shellcheck disable=SC2046
  set -- $(od -An -v -to1)
  joined=
  for each in "$@"; do joined="$joined\\0$each"; done
  printf '%s\n' "$joined"
}

# ── 1. files ────────────────────────────────────────────────────────────────────────────────────

for digest in 256 512; do
  sed -n "s/^SHA$digest (\([A-Za-z0-9][A-Za-z0-9._\/-]*\)) = \([0-9a-f]*\)\$/\2 *\1/p" MANIFEST |
    sort >"$work/listed"
  sed 's/^[0-9a-f]* \*//' "$work/listed" | sort >"$work/names$digest"
  xargs openssl dgst "-sha$digest" -r <"$work/names$digest" 2>/dev/null | sort >"$work/found"
  comm -23 "$work/listed" "$work/found" | sed 's/^[0-9a-f]* \*//' >"$work/differ"
  while read -r name; do
    wrong "MANIFEST: $name is missing, or not the file MANIFEST says (SHA-$digest)"
  done <"$work/differ"
done
find . -type f ! -path ./MANIFEST ! -path ./MANIFEST.sig | sed 's/^\.\///' | sort >"$work/here"
comm -13 "$work/names256" "$work/here" >"$work/extra"
while read -r name; do wrong "MANIFEST: $name is not in MANIFEST"; done <"$work/extra"
cmp -s "$work/names256" "$work/names512" ||
  wrong "MANIFEST: files do not have one SHA-256 and one SHA-512 each"
files=$(wc -l <"$work/names256")
[ $((2 * files)) -eq "$(wc -l <MANIFEST)" ] || wrong "MANIFEST: it has lines that name no file"
echo "1. files: $((files)) with the digests of MANIFEST"

# ── 2. checkpoint ───────────────────────────────────────────────────────────────────────────────

origin=$(sed -n 's/^origin  *//p' "$anchor")
log=$(sed -n 's/^log  *//p' "$anchor")
opening=$(sed -n 's/^opening  *//p' "$anchor")
if [ "$anchor" != anchor ]; then
  [ "$origin" = "$(sed -n 's/^origin  *//p' anchor)" ] && [ "$log" = "$(sed -n 's/^log  *//p' anchor)" ] ||
    wrong "ANCHOR: the case file's anchor is not yours"
fi
encoded=${log#*+}
encoded=${encoded#*+}
printf %s "$encoded" | openssl base64 -d -A >"$work/raw"
hint=$({ printf '%s\n' "$origin"; cat "$work/raw"; } | openssl dgst -sha256 -r | cut -c1-8)
{
  echo '-----BEGIN PUBLIC KEY-----'
  # SubjectPublicKeyInfo of Ed25519, then its 32 bytes.
  { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; tail -c +2 "$work/raw"; } | openssl base64
  echo '-----END PUBLIC KEY-----'
} >"$work/log.pem"
sed -n 1,3p checkpoint >"$work/body"
size=$(sed -n 2p checkpoint)
root=$(sed -n 3p checkpoint)
case $size in '' | *[!0-9]* | 0?*) wrong "CHECKPOINT_SYNTAX: its size is no number"; size=0 ;; esac
[ -z "$(sed -n 4p checkpoint)" ] || wrong "CHECKPOINT_SYNTAX: it is more than origin, size and root"
[ "$(sed -n 1p checkpoint)" = "$origin" ] || wrong "CHECKPOINT_ORIGIN: it is another log's"
signed=0
for signature in $(awk -v origin="$origin" 'NR > 4 && $1 == "—" && $2 == origin { print $3 }' checkpoint); do
  printf %s "$signature" | openssl base64 -d -A >"$work/hinted"
  [ "$(od -An -v -tx1 -N4 "$work/hinted" | tr -d ' \n')" = "$hint" ] || continue
  tail -c +5 "$work/hinted" >"$work/sig"
  if openssl pkeyutl -verify -pubin -inkey "$work/log.pem" -rawin -in "$work/body" \
    -sigfile "$work/sig" >/dev/null 2>&1; then
    signed=$((signed + 1))
  else
    signed=-1000
  fi
done
if [ "$signed" -gt 0 ]; then
  echo "2. checkpoint: over $size entries of $origin, signed by the log"
else
  wrong "CHECKPOINT_SIGNATURE: the checkpoint is not signed by the log's key"
  echo "2. checkpoint: over $size entries, NOT signed by the log"
fi


# MANIFEST.sig is an Ed25519 SSHSIG: all but its last 64 bytes follow from the key.
if [ -f MANIFEST.sig ]; then
  sed '/^-/d' MANIFEST.sig | tr -d '\n' | openssl base64 -d -A >"$work/sealed"
  {
    printf 'SSHSIG\000\000\000\001\000\000\000\063\000\000\000\013ssh-ed25519\000\000\000\040'
    tail -c +2 "$work/raw"
    printf '\000\000\000\023chip-ledger/case/v1\000\000\000\000\000\000\000\006sha512'
    printf '\000\000\000\123\000\000\000\013ssh-ed25519\000\000\000\100'
  } >"$work/head"
  {
    printf 'SSHSIG\000\000\000\023chip-ledger/case/v1\000\000\000\000\000\000\000\006sha512\000\000\000\100'
    openssl dgst -sha512 -binary MANIFEST
  } >"$work/message"
  tail -c 64 "$work/sealed" >"$work/sig"
  cat "$work/head" "$work/sig" >"$work/again"
  if cmp -s "$work/again" "$work/sealed" && openssl pkeyutl -verify -pubin -inkey "$work/log.pem" \
    -rawin -in "$work/message" -sigfile "$work/sig" >/dev/null 2>&1; then
    echo "   MANIFEST.sig: sealed by the log"
  else
    wrong "MANIFEST: MANIFEST.sig is not the log's signature on MANIFEST"
  fi
elif tr -d ' \n' <flags.json 2>/dev/null | grep -q '"sealed":true[,}]'; then
  wrong "MANIFEST: flags.json says that the log sealed it: MANIFEST.sig is not here"
else
  echo "   NOT CHECKED: who put the files together; there is no MANIFEST.sig"
  echo "   If you were told of a seal: chip-ledger case verify FILE.zip --sealed"
fi
if [ -f checkpoint.tsr ]; then
  if [ -z "$authority" ]; then
    echo "   NOT CHECKED: checkpoint.tsr; give the timestamp authority's certificate after the anchor"
  elif openssl ts -verify -in checkpoint.tsr -data checkpoint -CAfile "$authority" >/dev/null 2>&1; then
    echo "   checkpoint.tsr: $(openssl ts -reply -in checkpoint.tsr -text 2>/dev/null | sed -n 's/^Time stamp: //p')"
  else
    wrong "CHECKPOINT_TIMESTAMP: checkpoint.tsr is no timestamp of this checkpoint by that authority"
  fi
fi

# ── 3. lines, proofs, keys, signatures ──────────────────────────────────────────────────────────

# One line for each proof: index, what is wrong with its form or ok, its hashes as octal escapes.
# The first is the checkpoint's own root.
awk '
  function decoded(text,   at, bits, many, out, value, char) {
    if (length(text) != 44 || substr(text, 44) != "=") return ""
    out = ""; bits = 0; many = 0
    for (at = 1; at <= 43; at++) {
      char = index("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", substr(text, at, 1)) - 1
      if (char < 0) return ""
      bits = bits * 64 + char; many += 6
      if (many >= 8) {
        many -= 8
        value = int(bits / 2 ^ many)
        bits -= value * 2 ^ many
        out = out sprintf("\\0%03o", value)
      }
    }
    return bits ? "" : out
  }
  function flush() {
    if (proof == "") return
    if (state != 3 || below != note) problem = "form"
    print proof, problem == "" ? "ok" : problem, hashes
  }
  FILENAME == "checkpoint" { note = note $0 "\n"; if (FNR == 3) print "root", "ok", decoded($0); next }
  FNR == 1 {
    flush()
    proof = FILENAME; sub(/^proofs\//, "", proof); sub(/\.tlog-proof$/, "", proof)
    problem = ""; hashes = ""; below = ""; state = 1
    if ($0 != "c2sp.org/tlog-proof@v1") problem = "form"
    next
  }
  FNR == 2 { if ($0 != "index " proof) problem = "form"; state = 2; next }
  state == 2 && $0 == "" { state = 3; next }
  state == 2 { one = decoded($0); if (one == "") problem = "form"; hashes = hashes (hashes == "" ? "" : " ") one; next }
  { below = below $0 "\n" }
  END { flush() }
' checkpoint proofs/*.tlog-proof >"$work/proofs"
root=$(sed -n 's/^root ok //p' "$work/proofs")
[ -n "$root" ] || wrong "CHECKPOINT_SYNTAX: its root is no hash"
grep -v '^root ' "$work/proofs" | sort -n >"$work/sorted"
lines=$(awk 'END { print NR }' entries.jsonl)
[ "$lines" -eq "$(wc -l <"$work/sorted")" ] ||
  wrong "INCLUSION: there are $lines lines and $(($(wc -l <"$work/sorted"))) proofs"

# Sets CHECK to how a key's signatures are checked; empty when it is not the key of that name.
kind_of() {
  CHECK=
  [ -f "keys/$1.pem" ] || return
  sed '/^-/d' "keys/$1.pem" | tr -d '\n' | openssl base64 -d -A >"$work/der"
  [ "$(openssl dgst -sha256 -r <"$work/der" | cut -c1-32)" = "$1" ] || return
  case $(od -An -v -tx1 "$work/der" | tr -d ' \n') in
    302a300506032b6570032100*) CHECK=raw ;;
    3059301306072a8648ce3d020106082a8648ce3d030107034200*) CHECK=sha256 ;;
    3076301006072a8648ce3d020106052b81040022036200*) CHECK=sha384 ;;
    *0609608648016503040311* | *0609608648016503040312* | *0609608648016503040313*) # ML-DSA
      CHECK=lacking
      openssl pkey -pubin -in "keys/$1.pem" -noout 2>/dev/null && CHECK=raw ;;
  esac
}

holds() {
  case $CHECK in
    raw) openssl pkeyutl -verify -pubin -inkey "keys/$1.pem" -rawin -in "$work/message" \
      -sigfile "$work/sig" ;;
    sha*) openssl dgst "-$CHECK" -verify "keys/$1.pem" -signature "$work/sig" "$work/message" ;;
    *) false ;;
  esac >/dev/null 2>&1
}

keys_named() {
  tr '{,' '\n\n' <"$work/payload" | sed -n 's/^"key":"\([0-9a-f]*\)"[]}]*$/\1/p'
}

keys=' '
sole=no
verified=0
: >"$work/streams"
: >"$work/kinds"
exec 3<"$work/sorted"
while IFS= read -r line || [ -n "$line" ]; do
  index=
  # shellcheck disable=SC2034
  read -r index form hashes <&3 || index=
  [ -n "$index" ] || continue
  number=$((index + 1))

  # The line has one form: taken apart and put together again, it is the same.
  payload=${line#'{"payload":"'}
  payload=${payload%%\"*}
  kid=${line##*'"keyid":"'}
  kid=${kid%%\"*}
  sig=${line##*'"sig":"'}
  sig=${sig%%\"*}
  again='{"payload":"'$payload'","payloadType":"'$type'","signatures":[{"keyid":"'$kid'","sig":"'$sig'"}]}'
  printf %s "$payload" | openssl base64 -d -A >"$work/payload" 2>/dev/null
  printf %s "$sig" | openssl base64 -d -A >"$work/sig" 2>/dev/null
  if [ "$again" != "$line" ] || [ "$(openssl base64 -A <"$work/payload")" != "$payload" ] ||
    [ "$(openssl base64 -A <"$work/sig")" != "$sig" ]; then
    wrong "ENTRY_SYNTAX: entry $number is not a line in the one form entries have"
  fi

  # Its leaf hash, and where its proof leads (RFC 9162, 2.1.3.2).
  { printf '\000'; printf %s "$line"; } | openssl dgst -sha256 -binary >"$work/leaf"
  leaf=$(openssl base64 -A <"$work/leaf")
  node=$(octal <"$work/leaf")
  fn=$index
  sn=$((size - 1))
  fits=yes
  [ "$form" = ok ] && [ "$index" -lt "$size" ] || fits=no
  for each in $hashes; do
    if [ "$sn" -eq 0 ]; then fits=no; break; fi
    if [ $((fn & 1)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
      node=$(printf '\001%b' "$each$node" | openssl dgst -sha256 -binary | octal)
      while [ "$fn" -ne 0 ] && [ $((fn & 1)) -eq 0 ]; do fn=$((fn >> 1)); sn=$((sn >> 1)); done
    else
      node=$(printf '\001%b' "$node$each" | openssl dgst -sha256 -binary | octal)
    fi
    fn=$((fn >> 1))
    sn=$((sn >> 1))
  done
  if [ "$fits" = no ] || [ "$sn" -ne 0 ] || [ "$node" != "$root" ]; then
    wrong "INCLUSION: entry $number is not proved to be in the log of this checkpoint"
  fi
  if [ "$index" -eq 0 ] && [ -n "$opening" ] && [ "$leaf" != "$opening" ]; then
    wrong "ANCHOR: the opening entry is not the one the trust anchor names"
  fi

  # What stands after the body: subject, key, log, previous entry, seen, type, version.
  sed -n 's/^{"at":.*"id":"\([^"\\]*\)","kid":"\([0-9a-f]*\)","log":"\([^"\\]*\)","prev":"\{0,1\}\([A-Za-z0-9+\/=]*\)"\{0,1\},"role":"[a-z_]*","seen":\[[0-9]*,"[^"\\]*"\],"tags":\[[^]]*\],"type":"\([a-z0-9_.]*\)","v":1,"ver":\([0-9]*\)}$/\1 \2 \3 \4 \5 \6/p' "$work/payload" >"$work/said"
  subject= signer= named= prev= event= version=
  read -r subject signer named prev event version <"$work/said"
  if [ -z "$version" ]; then
    wrong "PAYLOAD_SYNTAX: what entry $number signs is not a payload"
    continue
  fi
  [ "$named" = "$origin" ] || wrong "WRONG_LOG: entry $number was signed for another ledger"
  [ "$signer" = "$kid" ] || wrong "SIGNER_SET: entry $number names another key than its signature"
  echo "$number $subject $version $prev $leaf" >>"$work/streams"

  # Keys, by position.
  if [ "$event" = ledger.opened.v1 ] && [ "$index" -eq 0 ]; then
    for each in $(keys_named); do keys="$keys$each "; done
    grep -q '"sole":true' "$work/payload" && sole=yes
  fi
  case $keys in
    *" $kid "*) ;;
    *) wrong "KEY_UNKNOWN: entry $number is by key $kid, which no entry before it lets sign" ;;
  esac
  CHECK=$(sed -n "s/^$kid //p" "$work/kinds")
  if [ -z "$CHECK" ]; then
    kind_of "$kid"
    if [ -z "$CHECK" ]; then CHECK=none; fi
    echo "$kid $CHECK" >>"$work/kinds"
    [ "$CHECK" != none ] || wrong "KEY_ID: keys/$kid.pem is missing, or another key"
  fi
  { printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(($(wc -c <"$work/payload")))"; cat "$work/payload"; } >"$work/message"
  if [ "$CHECK" = lacking ]; then
    unchecked=$((unchecked + 1))
  elif holds "$kid"; then
    verified=$((verified + 1))
  else
    wrong "SIGNATURE: entry $number is not what key $kid signed"
    continue
  fi
  case $event in
    key.enrolled.v1) if [ "$sole" = yes ]; then for each in $(keys_named); do keys="$keys$each "; done; fi ;;
    key.countersigned.v1) keys="$keys$(keys_named) " ;;
    key.revoked.v1 | key.rotated.v1)
      old= next=
      { read -r old; read -r next; } <<NAMED
$(keys_named)
NAMED
      case $keys in *" $old "*) keys="${keys%% "$old" *} ${keys#* "$old" }" ;; esac
      if [ "$event" = key.rotated.v1 ]; then keys="$keys$next "; fi ;;
  esac
done <entries.jsonl
exec 3<&-
echo "3. entries: $lines lines, each with its proof; $verified signatures hold"
if [ "$unchecked" -gt 0 ]; then
  echo "   NOT CHECKED: $unchecked signatures, because this openssl does not know ML-DSA"
fi

# ── 4. subjects ─────────────────────────────────────────────────────────────────────────────────

in_part=0
tr -d ' \n' <flags.json 2>/dev/null | grep -q '"streams":"cited"[,}]' && in_part=1
awk -v in_part="$in_part" '
  { split($0, part, " ")
    subject = part[2]
    if (in_part && part[3] + 0 > version[subject] + 1 && subject !~ /^(ledger$|key:|policy:|flag:)/)
      absent += part[3] - version[subject] - 1
    else if (part[3] != version[subject] + 1)
      print "STREAM_VERSION: entry " part[1] " is version " part[3] " of " subject ", and " version[subject] + 1 " follows"
    else if (part[4] != (version[subject] ? leaf[subject] : "null"))
      print "STREAM_PREV: entry " part[1] " was signed to follow another entry of " subject
    version[subject] = part[3]; leaf[subject] = part[5] }
  END { print absent + 0 >"/dev/stderr" }
' "$work/streams" >"$work/gaps" 2>"$work/absent"
while read -r gap; do wrong "$gap"; done <"$work/gaps"
subjects=$(cut -d ' ' -f 2 "$work/streams" | sort -u | awk 'END { print NR }')
if [ "$in_part" -eq 1 ]; then
  echo "4. subjects: $subjects, what is cited of each; $(cat "$work/absent") entries between them are not here"
else
  echo "4. subjects: $subjects, each from version 1 on"
fi

grep -q '^1 ledger 1 ' "$work/streams" || wrong "OPENING: the entry that opens the ledger is not here"
[ "$anchor" = anchor ] &&
  echo "   NOT CHECKED: whether this is the ledger you mean; give your trust anchor: sh verify_openssl.sh FILE"
if [ "$faults" -gt 0 ]; then
  echo "INVALID: $faults faults"
  exit 4
elif [ "$unchecked" -gt 0 ]; then
  echo "PARTIAL: $lines entries under a checkpoint over $size; $unchecked signatures were not checked"
  exit 3
fi
echo "VALID: $lines entries under a checkpoint over $size, every signature and proof holds"
