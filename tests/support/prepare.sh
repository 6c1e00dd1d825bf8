# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# Sourced by tests/run and examples/demo: from a bare Debian 12 or 13 machine to a finished build,
# without a question.
#
#   . tests/support/prepare.sh
#   trib_prepare demo || exit 2        # packages and build; "demo" or "test"
#   video=$(trib_footage) || exit 2    # path of some real footage
#
# On failure each function prints one line that says what to do (and, for a build, the end of its
# log). TRIBUTARY_NO_INSTALL=1 leaves the packages alone: for systems without apt.

if [ -z "${TRIB_ROOT:-}" ]; then
  echo "prepare.sh: set TRIB_ROOT to the top of the source tree before sourcing this file" >&2
  return 2
fi
trib_build_dir=$TRIB_ROOT/build
trib_log=$trib_build_dir/prepare.log
: "${trib_installed:=}"

trib_say() { printf '%s\n' "$*" >&2; }

# One "package" or "package=command" a word. The second form is content with a command from
# elsewhere, so that a JDK or a meson of the user's own is not doubled by Debian's. A package with
# "?" is taken along where the release has it; a test that needs it is skipped elsewhere.
trib_packages_of() {
  printf '%s\n' gcc=gcc libc6-dev pkg-config=pkg-config meson=meson ninja-build=ninja python3 \
    libglib2.0-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libpango1.0-dev librdkafka-dev
  case $1 in
    build) ;;
    debian13) printf '%s\n' mmdebstrap=mmdebstrap ;;
    demo | elements | test)
      printf '%s\n' gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad \
        gstreamer1.0-libav gstreamer1.0-tools ;;
    *) trib_say "prepare.sh: no package list named '$1'"; return 2 ;;
  esac
  case $1 in elements | test) printf '%s\n' gstreamer1.0-plugins-ugly locales ;; esac
  [ "$1" = test ] || return 0
  printf '%s\n' kcat python3-confluent-kafka python3-kafka python3-crc32c python3-pil python3-opencv python3-msgpack python3-jsonschema \
    gstreamer1.0-opencv opencv-data python3-gi python3-gst-1.0 gir1.2-gstreamer-1.0 \
    gobject-introspection libgirepository1.0-dev default-jre-headless=java \
    maven=mvn libjson-glib-dev libmsgpack-dev jq openssl=openssl nodejs=node man-db=man g++=g++ ccache=ccache clang-format-14?
}

# trib_missing_packages PURPOSE [optional]
trib_missing_packages() {
  trib_packages_of "$1" | while IFS== read -r package command; do
    case $package in
      *\?)
        [ -n "${2:-}" ] || continue
        package=${package%\?}
        apt-cache show "$package" >/dev/null 2>&1 || continue ;;
    esac
    if [ -n "$command" ] && command -v "$command" >/dev/null 2>&1; then
      continue
    fi
    # One status for each architecture; a package that another one only mentions is "not-installed".
    case " $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null)" in
      *" installed "*) ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

# The reason in apt's own words: its last "E:" line, which is the outermost failure.
trib_apt_reason() {
  grep -E '^E: ' "$1" | tail -n 1 | cut -c 4-
}

trib_install() {
  trib_missing=$(trib_missing_packages "$1")
  trib_missing=${trib_missing% }
  [ -n "$trib_missing" ] || return 0
  trib_purpose=$1
  # shellcheck disable=SC2086
  set -- $trib_missing
  if [ "$(id -u)" = 0 ]; then
    trib_root=
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    trib_root='sudo -n'
  else
    trib_say "cannot install $# missing Debian packages: not root, and no sudo without a password;" \
      "run: sudo apt-get install $trib_missing"
    return 1
  fi
  trib_apt="$trib_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300"
  # A failing update is not the end: another source may be broken, or the lists at hand may do.
  $trib_apt update >"$trib_log" 2>&1 </dev/null || true
  trib_missing=$(trib_missing_packages "$trib_purpose" optional)
  trib_missing=${trib_missing% }
  # shellcheck disable=SC2086
  set -- $trib_missing
  trib_say "installing $# Debian packages: $trib_missing"
  if ! $trib_apt install --no-install-recommends "$@" >>"$trib_log" 2>&1 </dev/null; then
    trib_say "cannot install the missing Debian packages ($(trib_apt_reason "$trib_log"));" \
      "is the network there? By hand: apt-get install $trib_missing"
    return 1
  fi
  trib_installed=1
}

trib_ensure_packages() {
  trib_installed=
  if [ -n "${TRIBUTARY_NO_INSTALL:-}" ]; then
    return 0
  fi
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    trib_say "this is no Debian: install what these packages hold, then set TRIBUTARY_NO_INSTALL=1:" \
      "$(trib_packages_of "$1" | sed '/?$/d; s/=.*//' | tr '\n' ' ')"
    return 1
  fi
  trib_install "$1"
}

trib_logged() {
  "$@" >"$trib_log" 2>&1 </dev/null && return 0
  tail -n 40 "$trib_log" >&2
  return 1
}

# trib_build DIR TARGETS MESON-OPTION...: TARGETS is one word of ninja targets.
trib_build() {
  trib_dir=$1
  trib_targets=$2
  shift 2
  trib_meson=/usr/bin/meson
  [ -x "$trib_meson" ] || trib_meson=meson
  if [ ! -f "$trib_dir/build.ninja" ]; then
    trib_logged "$trib_meson" setup "$trib_dir" "$TRIB_ROOT" "$@" || {
      trib_say "meson cannot configure $trib_dir; the lines above say why (all of it: $trib_log)"
      return 1
    }
  elif [ -n "$trib_installed" ]; then
    # A feature that was left out for want of a package is looked for again.
    trib_logged "$trib_meson" setup --reconfigure "$trib_dir" "$TRIB_ROOT" || {
      trib_say "meson cannot reconfigure $trib_dir; the lines above say why (all of it: $trib_log)"
      return 1
    }
  fi
  # shellcheck disable=SC2086
  trib_logged ninja -C "$trib_dir" $trib_targets || {
    trib_say "the build failed in $trib_dir; the lines above say why (all of it: $trib_log)"
    return 1
  }
}

# Two of these at once (a demo beside a test run) would configure the same folder twice.
# trib_locked_in DIR FUNCTION ARGUMENT...
trib_locked_in() {
  trib_lock=$1/.prepare.lock
  mkdir -p "$1" || return 1
  shift
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$trib_lock"
    flock 9
  fi
  "$@" && trib_status=0 || trib_status=$?
  exec 9>&-
  return $trib_status
}

trib_locked() { trib_locked_in "$trib_build_dir" "$@"; }

trib_prepare_unlocked() {
  trib_ensure_packages "$1" || return 1
  if [ "$1" = test ] || [ "$1" = elements ]; then
    trib_build "$trib_build_dir" 'all meson-test-prereq'
  else
    trib_build "$trib_build_dir" all
  fi
}

# trib_prepare PURPOSE: packages for PURPOSE, then build/. PURPOSE is build, demo, elements (what
# unit, harness, generic and pipelines need) or test (everything).
trib_prepare() { trib_locked trib_prepare_unlocked "$1"; }

# trib_prepare_sanitized asan|tsan: build-asan/ or build-tsan/, after trib_prepare test. It has a
# lock and a log of its own: a demo started meanwhile does not wait for it. -O1 compiles in two
# thirds of the time of -O2, and reports show more of the stack.
trib_prepare_sanitized() {
  case $1 in
    asan) trib_sanitizers=address,undefined ;;
    tsan) trib_sanitizers=thread ;;
  esac
  trib_log=$TRIB_ROOT/build-$1/prepare.log
  trib_locked_in "$TRIB_ROOT/build-$1" trib_build "$TRIB_ROOT/build-$1" 'all meson-test-prereq' \
    -Db_sanitize=$trib_sanitizers -Db_lundef=false -Dexamples=disabled -Doptimization=1
}

# What the suite debian13 needs on this machine; without it the suite is skipped and says so.
trib_prepare_debian13() { trib_locked trib_ensure_packages debian13; }

# Prints the path of real footage: ../shared/media if it is there, else people walking through a
# square from Debian's opencv-doc. Only that file is taken out of the package: its documentation is
# 270 MB, and container images are often set up to throw /usr/share/doc away.
trib_footage() {
  for trib_video in "$TRIB_ROOT/../shared/media/pedestrians.avi" \
    /usr/share/doc/opencv-doc/examples/data/vtest.avi "$trib_build_dir/footage/vtest.avi"; do
    if [ -f "$trib_video" ]; then
      printf '%s\n' "$trib_video"
      return 0
    fi
  done
  trib_locked trib_fetch_footage >&2 && printf '%s\n' "$trib_build_dir/footage/vtest.avi"
}

trib_fetch_footage() (
  trib_say "fetching footage: vtest.avi from the Debian package opencv-doc (96 MB)"
  mkdir -p "$trib_build_dir/footage" && cd "$trib_build_dir/footage" || exit 1
  if command -v apt-get >/dev/null 2>&1 &&
    { apt-get -q download opencv-doc || { [ "$(id -u)" = 0 ] && apt-get -q update &&
      apt-get -q download opencv-doc; }; } >"$trib_log" 2>&1 </dev/null &&
    dpkg-deb --fsys-tarfile opencv-doc_*.deb |
    tar -xO ./usr/share/doc/opencv-doc/examples/data/vtest.avi >vtest.avi.part &&
    [ -s vtest.avi.part ]; then
    rm -f opencv-doc_*.deb
    mv vtest.avi.part vtest.avi
    exit 0
  fi
  rm -f opencv-doc_*.deb vtest.avi.part
  trib_say "no footage: cannot download opencv-doc ($(trib_apt_reason "$trib_log")); name a video of your own"
  exit 1
)
