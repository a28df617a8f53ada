#!/bin/sh
# Fetches what some tests need beyond Python: as root on Debian a browser, Korean fonts, mail checkers, servers, a false
# clock and what benchmarks compare with, and axe-core from npm. Of servers nothing is started, now or at boot: tests start private ones on loopback.
# It never fails: tests whose needs are missing skip and say by name what they need.
set -u
cd "$(dirname "$0")" || exit 0

is_installed() {
    dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    missing=
    for package in chromium fonts-noto-cjk fonts-noto-color-emoji opendkim opendkim-tools spamassassin rabbitmq-server dovecot-imapd postfix faketime nginx wrk; do
        is_installed "$package" || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        echo "installing for the tests:$missing"
        export DEBIAN_FRONTEND=noninteractive
        options="-qq -o Acquire::http::Timeout=20 -o Acquire::Retries=1 -o DPkg::Lock::Timeout=120"
        if [ ! -e /usr/sbin/policy-rc.d ]; then # Debian starts a service as soon as it is installed
            trap 'rm -f /usr/sbin/policy-rc.d' EXIT
            printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
        fi
        case "$missing" in *postfix*) # else it would take the machine for one that is reached by mail
            echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections 2>/dev/null ;;
        esac
        # shellcheck disable=SC2086 # options and packages are lists
        { apt-get update $options && apt-get install -y --no-install-recommends $options $missing; } >/dev/null 2>&1 ||
            echo "could not install:$missing; the tests that need them will skip"
        for service in rabbitmq-server dovecot postfix opendkim spamassassin nginx; do # only what was not here before
            case " $missing " in *" $service "*) update-rc.d "$service" disable >/dev/null 2>&1 ;; esac
        done
    fi
fi

if [ ! -f node_modules/axe-core/axe.min.js ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm=npm
    [ -x ../.venv/bin/npm ] && npm=../.venv/bin/npm
    "$npm" ci --no-audit --no-fund --ignore-scripts --fetch-retries=1 --fetch-timeout=20000 >/dev/null 2>&1 ||
        echo "could not install axe-core and feedsmith by npm; the tests that need them will skip"
fi
exit 0
