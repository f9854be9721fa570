#!/bin/sh
# Sends a book's folder to a Lectern server, waits for what comes of it and ends with a verdict: Deploy/ci/resync.sh
#
# It takes no arguments; everything is said by environment variables, so that nothing of it is ever read as a command:
#   LECTERN_URL               the server, https://…; plain http only for this machine
#   LECTERN_TOKEN_FILE        a file that holds the operators' token, or
#   LECTERN_TOKEN             the token itself
#   RESYNC_PATH               the book's folder; the present one where it is not given
#   RESYNC_COMMIT             what this state of the book is called; the commit of the pipeline
#   RESYNC_TIMEOUT            seconds to wait at the most, 1800
#   RESYNC_MAX_DELETE         so many lessons may be deleted; the server's own guard without it
#   RESYNC_PLAN               true: only say what would change
#   RESYNC_ERROR_ON_NO_CHANGE true: end with 9 where nothing changed
#   RESYNC_ANNOTATE           github, gitlab or none; found out where it is not given
#   RESYNC_SUMMARY            a Markdown file the summary is added to
#   RESYNC_OUTPUTS            a file that name=value lines are added to
#   RESYNC_CODE_QUALITY       gitlab: where the findings are written for merge requests
#   RESYNC_COMMAND            the lectern command; `curl` does without one. Found out where it is not given.
#
# Exit codes: 0 done, 1 other, 2 usage, 3 not found, 4 not allowed, 5 temporary, 6 some lessons could not be staged,
# 7 the book has errors, 8 a guard stopped it, 9 nothing changed, 10 not done in time, 11 cancelled.
set -eu

version=1
guards=' no_lessons too_many_deletes plan_changed older_revision book_unreadable '

say() { printf '%s\n' "$*" >&2; }

# Ends with a verdict: finish CODE STATUS [MESSAGE]. The outputs are written whatever the end is.
finish() {
  if [ -n "${3:-}" ]; then
    annotate_verdict "$1" "$3"
  fi
  write_outputs "$2"
  write_summary "$1" "$2" "${3:-}"
  exit "$1"
}

# What a server or a file's name says must stay one line without the runner's marks, or it could give orders to it.
one_line() { printf '%s' "$1" | tr '[:cntrl:]' ' ' | sed -e 's/##\[/# #[/g' | cut -c 1-2000; }

escape_data() { printf '%s' "$1" | tr -d '\r' | sed -e 's/%/%25/g' | awk 'NR > 1 { printf "%%0A" } { printf "%s", $0 }'; }

annotate_verdict() {
  if [ "$annotate" = github ] && [ "$1" -ne 0 ] && [ "$1" -ne 9 ]; then
    printf '::error title=Lectern resync::%s\n' "$(escape_data "$2")"
  else
    say "resync: $(one_line "$2")"
  fi
}

# Reads the last status: words without spaces, - for what is not there.
load() {
  number=- release=- created=- updated=- deleted=- unchanged=- errors=- warnings=- outcome=- state=- problem=- failed=-
  progress=- is_done=false
  [ -s "$work/status" ] || return 0
  read -r number release created updated deleted unchanged errors warnings outcome state problem failed progress is_done <<FACTS
$(jq -r '[.id, .release, (.report | .created, .updated, .deleted, .unchanged, .errors, .warnings, .outcome), .state,
    .error.code, .progress.failed, (if .progress then "\(.progress.done)/\(.progress.total)" else null end), .done == true]
  | map(if . == null or . == "" then "-" else tostring | gsub("[^A-Za-z0-9_.:/-]"; "_") | .[0:100] end) | join(" ")' "$work/status")
FACTS
}

# A fact for a person or a file: nothing where there is none.
shown() { [ "$1" = - ] || printf '%s' "$1"; }

write_outputs() {
  [ -n "$outputs" ] || return 0
  {
    output status "$1"
    output operation "$number"
    output release "$release"
    output created "$created"
    output updated "$updated"
    output deleted "$deleted"
    output unchanged "$unchanged"
  } >>"$outputs"
}

# GitLab reads the names as variables.
output() {
  name=$1
  [ "$annotate" != gitlab ] || name="RESYNC_$(printf '%s' "$1" | tr '[:lower:]' '[:upper:]')"
  printf '%s=%s\n' "$name" "$(shown "$2")"
}

write_summary() {
  [ -n "$summary" ] && [ "$summarized" = no ] || return 0
  {
    printf '### Lectern resync: %s\n\n' "$2"
    printf '| release | created | updated | deleted | unchanged | errors | warnings |\n|---|---|---|---|---|---|---|\n|'
    for fact in "$release" "$created" "$updated" "$deleted" "$unchanged" "$errors" "$warnings"; do
      printf ' %s |' "$(shown "$fact")"
    done
    printf '\n\n'
    # shellcheck disable=SC2016
    [ -z "$3" ] || printf '%s\n\n' "$(printf '%s' "$3" | tr -d '\r' | sed -e 's/[&]/\&amp;/g' -e 's/</\&lt;/g' -e 's/[`|]/\\&/g' -e 's/^/> /')"
    if [ -s "$work/status" ]; then
      # GitHub takes 1 MiB for each step; the server lists 200 findings at the most.
      jq -r --arg folder "$prefix" '
        def cell: tostring | gsub("[\r\n]+"; " ") | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub("(?<c>[|`\\\\*_\\[])"; "\\\(.c)") | .[0:600];
        (.report.findings // []) | if length == 0 then empty else
          "| | where | what | what to do |", "|---|---|---|---|",
          (.[] | "| \(.severity | cell) | \($folder + .file + (if .line then ":\(.line)" else "" end) | cell) | \(.message | cell) | \(.advice // "" | cell) |")
        end' "$work/status" 2>/dev/null || true
    fi
  } >>"$summary"
}

# GitHub shows ten annotations of a kind for each step; the server puts the worst first, and the summary has all.
annotate_github() {
  jq -r --arg folder "$prefix" '
    def data: tostring | gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
    def property: data | gsub(":"; "%3A") | gsub(","; "%2C");
    (.report.findings // []) as $all
    | ([$all[] | select(.severity == "error")][0:9] + [$all[] | select(.severity != "error")][0:10])[]
    | "::" + (if .severity == "error" then "error" else "warning" end)
      + " file=" + ($folder + .file | property)
      + (if .line then ",line=" + (.line | property) else "" end)
      + ",title=" + ((.code // "finding") | property)
      + "::" + (.message + (if (.advice // "") == "" then "" else ": " + .advice end) | data)' "$work/status"
}

annotate_gitlab() {
  jq -r --arg folder "$prefix" '(.report.findings // [])[]
    | "\(.severity): \($folder)\(.file)\(if .line then ":\(.line)" else "" end): \(.message | gsub("[[:cntrl:]]+"; " ") | gsub("##\\["; "# #["))"' \
    "$work/status" >&2
  [ -n "$code_quality" ] || return 0
  jq --arg folder "$prefix" '[(.report.findings // [])[] | {
      description: (.message + (if (.advice // "") == "" then "" else ": " + .advice end)),
      check_name: (.code // "finding"),
      fingerprint: ("\(.message)\(.code):\($folder)\(.file):\(.line // 0)" | @base64 | .[-240:]),
      severity: (if .severity == "error" then "major" else "minor" end),
      location: {path: ($folder + .file), lines: {begin: (.line // 1)}}}]' "$work/status" >"$code_quality"
}

# A leading zero would make it octal.
is_count() { case $1 in '' | *[!0-9]* | 0?* | ??????????*) return 1 ;; esac; }

usage() {
  say "resync: $1"
  write_outputs usage
  exit 2
}

# Settings

[ $# -eq 0 ] || { say 'resync: everything is said by environment variables, see the head of this file'; exit 2; }

url=${LECTERN_URL:-}
folder=${RESYNC_PATH:-.}
commit=${RESYNC_COMMIT:-${GITHUB_SHA:-${CI_COMMIT_SHA:-}}}
timeout=${RESYNC_TIMEOUT:-1800}
max_delete=${RESYNC_MAX_DELETE:-}
plan=${RESYNC_PLAN:-false}
picky=${RESYNC_ERROR_ON_NO_CHANGE:-false}
annotate=${RESYNC_ANNOTATE:-}
summary=${RESYNC_SUMMARY:-${GITHUB_STEP_SUMMARY:-}}
outputs=${RESYNC_OUTPUTS:-${GITHUB_OUTPUT:-}}
code_quality=${RESYNC_CODE_QUALITY:-}
command=${RESYNC_COMMAND:-}
summarized=no
if [ -z "$annotate" ]; then
  annotate=none
  [ "${GITHUB_ACTIONS:-}" != true ] || annotate=github
  [ "${GITLAB_CI:-}" != true ] || annotate=gitlab
fi

umask 077
work=$(mktemp -d)
sleeper=
trap 'rm -rf "$work"; [ -z "$sleeper" ] || kill "$sleeper" 2>/dev/null || true' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
load

case $annotate in github | gitlab | none) ;; *) annotate=none && usage 'RESYNC_ANNOTATE must be github, gitlab or none' ;; esac
case $plan in true | false) ;; *) usage 'RESYNC_PLAN must be true or false' ;; esac
case $picky in true | false) ;; *) usage 'RESYNC_ERROR_ON_NO_CHANGE must be true or false' ;; esac
is_count "$timeout" || usage 'RESYNC_TIMEOUT must be a number of seconds'
[ -z "$max_delete" ] || is_count "$max_delete" || usage 'RESYNC_MAX_DELETE must be a number of lessons'
case $commit in *[!A-Za-z0-9._-]*) usage 'RESYNC_COMMIT may hold letters, digits, dots, dashes and underscores only' ;; esac
[ "${#commit}" -le 100 ] || usage 'RESYNC_COMMIT is longer than 100 characters'
case $url in
  *[![:graph:]]* | *[\"\\\'?#@]*) usage 'LECTERN_URL must be a plain address without query or user' ;;
  https://?*) ;;
  http://localhost | http://localhost[:/]* | http://127.0.0.1 | http://127.0.0.1[:/]* | http://\[::1\]*) ;;
  http://*) usage 'LECTERN_URL must begin with https://: the token would be readable on its way' ;;
  '') usage 'LECTERN_URL is not set' ;;
  *) usage 'LECTERN_URL must begin with https://' ;;
esac
url=${url%/}
[ -d "$folder" ] || usage "$(one_line "$folder") is not a folder"
[ -f "$folder/book.yaml" ] || usage "$(one_line "$folder") holds no book.yaml"
case $folder in -*) folder=./$folder ;; esac

# Where the findings' files stand, seen from the root of the repository.
prefix=${folder#./}
prefix=${prefix%/}/
case $prefix in ./ | /) prefix= ;; esac
root=${GITHUB_WORKSPACE:-${CI_PROJECT_DIR:-$PWD}}
case $prefix in "$root"/) prefix= ;; "$root"/*) prefix=${prefix#"$root"/} ;; esac

if [ -n "${LECTERN_TOKEN_FILE:-}" ]; then
  [ -r "$LECTERN_TOKEN_FILE" ] || usage 'LECTERN_TOKEN_FILE names no readable file'
  tr -d '\r\n' <"$LECTERN_TOKEN_FILE" >"$work/token"
else
  [ -n "${LECTERN_TOKEN:-}" ] || usage 'neither LECTERN_TOKEN_FILE nor LECTERN_TOKEN is set'
  printf '%s' "$LECTERN_TOKEN" | tr -d '\r\n' >"$work/token"
fi
# Not for the programs that are started from here.
unset LECTERN_TOKEN LECTERN_TOKEN_FILE
[ -s "$work/token" ] || usage 'the token is empty'
command -v jq >/dev/null || usage 'jq is needed to read the answers'

if [ -z "$command" ]; then
  command=curl
  ! command -v lectern >/dev/null || command=lectern
fi

# With the command

harmless() {
  awk '/^[ \t]*::/ && !/^::(error|warning|notice)[ :]/ { $0 = "| " $0 } { gsub(/##\[/, "# #["); print; fflush() }'
}

run_command() {
  set -- resync --url "$url" --token-file "$work/token" --path "$folder" --wait --timeout "$timeout" --output jsonl
  [ -z "$commit" ] || set -- "$@" --commit "$commit"
  [ -z "$max_delete" ] || set -- "$@" --max-delete "$max_delete"
  [ "$plan" = false ] || set -- "$@" --plan
  [ "$picky" = false ] || set -- "$@" --error-on-no-change
  [ "$annotate" = none ] || set -- "$@" --annotate "$annotate"
  if [ -n "$summary" ]; then
    set -- "$@" --summary "$work/summary"
  fi
  echo 0 >"$work/code"
  # Of the runner's orders only annotations pass, wherever they are printed.
  { "$command" "$@" 2>&1 >"$work/lines" || echo $? >"$work/code"; } | harmless >&2
  code=$(cat "$work/code")
  grep '^::' "$work/lines" | harmless || true
  # The last line that tells how it stands is for us.
  jq -cR 'fromjson? | objects | select(has("state"))' "$work/lines" | tail -n 1 >"$work/status"
  load
  if [ "$annotate" = gitlab ] && [ -s "$work/status" ] && [ -n "$code_quality" ]; then
    annotate_gitlab 2>/dev/null
  fi
  if [ -s "$work/summary" ]; then
    cat "$work/summary" >>"$summary"
    summarized=yes
  fi
  write_outputs "$(word "$code")"
  write_summary "$code" "$(word "$code")" ''
  exit "$code"
}

# The machine word for an exit code.
word() {
  case $1 in
    0) if [ "$outcome" = - ]; then printf 'done'; else printf '%s' "$outcome"; fi ;;
    2) printf usage ;; 3) printf not_found ;; 4) printf refused ;; 5) printf temporary ;; 6) printf partial ;;
    7) printf failed ;; 8) printf guarded ;; 9) printf unchanged ;; 10) printf timeout ;; 11) printf cancelled ;;
    *) printf error ;;
  esac
}

# With curl

now() { date +%s; }

# One request: request METHOD PATH [FILE]. Sets `answer` to the status, 000 where there was none. Redirects are not
# followed: the token is for this server only.
request() {
  left=$((deadline - $(now)))
  [ "$left" -ge 1 ] || left=1
  [ "$1" = POST ] || [ "$left" -le 60 ] || left=60
  set -- --silent --show-error --proto '=http,https' --connect-timeout 10 --max-time "$left" --request "$1" \
    --header "@$work/headers" --dump-header "$work/head" --output "$work/body" --write-out '%{http_code}' \
    ${3:+--header 'Content-Type: application/x-tar' --header 'Expect:' --upload-file "$3"} --url "$url$2"
  : >"$work/head"
  : >"$work/body"
  answer=$(curl "$@" 2>"$work/trouble") || answer=000
}

# The value of a header of the last answer: header NAME, in lower case.
header() {
  tr -d '\r' <"$work/head" | awk -v name="$1:" \
    'tolower(substr($0, 1, length(name))) == name { value = substr($0, length(name) + 1) } END { sub(/^[ \t]+/, "", value); print value }'
}

# The problem that an answer tells, for a person.
told_problem() {
  jq -r '[.title, .detail, (.errors // [] | .[] | if type == "object" then (.message // tostring) else tostring end)]
    | map(select(. != null and . != "")) | join(": ")' "$work/body" 2>/dev/null | cut -c 1-1500
}

# Sleeps as long as the server asks for, from 1 to 60 s, or as `$1` says, but not past the deadline. A signal is answered
# at once only while the shell itself waits.
pause() {
  wanted=$(header retry-after)
  if is_count "${wanted:-x}"; then
    [ "$wanted" -le 60 ] || wanted=60
    [ "$wanted" -ge 1 ] || wanted=1
  else
    wanted=$1
  fi
  left=$((deadline - $(now)))
  [ "$wanted" -le "$left" ] || wanted=$left
  [ "$wanted" -gt 0 ] || return 0
  sleep "$wanted" &
  sleeper=$!
  wait "$sleeper"
  sleeper=
}

# Whether another try makes sense: no answer, or one that says so.
is_passing() { case $1 in 000 | 408 | 425 | 429 | 502 | 503 | 504) ;; *) return 1 ;; esac; }

refuse() {
  text=$(told_problem)
  text="the server answers $answer${text:+: $text}"
  code=$(jq -r '.error // .code // empty' "$work/body" 2>/dev/null || true)
  case "$guards" in *" $(one_line "${code:-?}") "*) finish 8 guarded "$text" ;; esac
  case $answer in
    401 | 403) finish 4 refused "$text" ;;
    404 | 410) finish 3 not_found "$text" ;;
    400 | 409 | 413 | 415 | 422) finish 7 failed "$text" ;;
    *) finish 1 error "$text" ;;
  esac
}

no_answer() {
  if [ "$answer" = 000 ]; then one_line "no answer: $(cat "$work/trouble")"; else one_line "the server answers $answer: $(told_problem)"; fi
}

push() {
  query="?plan=$plan"
  [ -z "$commit" ] || query="$query&commit=$commit"
  [ -z "$max_delete" ] || query="$query&max_delete=$max_delete"
  delay=1
  while :; do
    request POST "/api/ops/v1/resyncs$query" "$work/book.tar"
    case $answer in 200 | 202) break ;; esac
    is_passing "$answer" || refuse
    [ "$(now)" -lt "$deadline" ] || finish 5 temporary "the book could not be sent within $timeout s, $(no_answer)"
    say "resync: $(no_answer), trying again"
    pause "$delay"
    [ "$delay" -ge 30 ] || delay=$((delay * 2))
  done
  location=$(header location)
  id=${location##*/}
  [ -n "$id" ] || id=$(jq -r '.id // empty' "$work/body" 2>/dev/null || true)
  # Only the number is taken from the answer, never an address.
  case $id in '' | *[!A-Za-z0-9_-]*) finish 1 error 'the server accepted the book but told no number to ask for it with' ;; esac
}

# Keeps the body where it is a status.
keep_status() {
  jq -e -c 'objects | select(has("done"))' "$work/body" >"$work/next" 2>/dev/null || return 0
  mv "$work/next" "$work/status"
  load
}

follow() {
  told=
  spoken=0
  # A book without changes is done at once.
  delay=0
  while :; do
    case $answer in 200 | 202) keep_status ;; esac
    [ "$is_done" = false ] || return 0
    if [ "$state" != - ] && { [ "$state" != "$told" ] || [ $(($(now) - spoken)) -ge 10 ]; }; then
      say "resync $id: $state $(shown "$progress")"
      told=$state
      spoken=$(now)
    fi
    [ "$(now)" -lt "$deadline" ] || finish 10 timeout "resync $id is not done after $timeout s; it goes on by itself"
    pause "$delay"
    request GET "/api/ops/v1/resyncs/$id"
    if [ "$answer" = 200 ]; then
      delay=2
    elif [ "$answer" = 500 ] || is_passing "$answer"; then
      say "resync: $(no_answer), asking again"
      [ "$delay" -ge 1 ] || delay=1
      [ "$delay" -ge 30 ] || delay=$((delay * 2))
    else
      refuse
    fi
  done
}

judge() {
  [ "$outcome" != - ] || outcome="done"
  message=$(jq -r '.error.message // empty' "$work/status")
  case $annotate in github) annotate_github ;; gitlab) annotate_gitlab ;; esac
  case $state in
    done)
      if [ "$outcome" = unchanged ] && [ "$picky" = true ]; then finish 9 unchanged 'nothing changed'; fi
      say "resync $id: $outcome, $created created, $updated updated, $deleted deleted, $unchanged unchanged"
      finish 0 "$outcome"
      ;;
    cancelled) finish 11 cancelled "resync $id was cancelled${message:+: $message}" ;;
  esac
  text="resync $id failed: $problem${message:+: $message}"
  case "$guards" in *" $problem "*) finish 8 guarded "$text" ;; esac
  [ "$problem" != release_moved ] || finish 5 temporary "$text"
  case $failed in 0 | -) ;; *) finish 6 partial "$text" ;; esac
  finish 7 failed "$text"
}

if [ "$command" != curl ]; then
  run_command
fi
for tool in curl tar; do
  command -v "$tool" >/dev/null || usage "$tool is needed where there is no lectern command"
done
deadline=$(($(now) + timeout))
{ printf 'Authorization: Bearer ' && cat "$work/token" && printf '\nAccept: application/json\nUser-Agent: lectern-resync/%s\n' "$version"; } >"$work/headers"
tar -C "$folder" --exclude=./.git -cf "$work/book.tar" .
push
follow
judge
