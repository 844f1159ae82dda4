#!/bin/sh
# Install Slurm when it is absent and that is permitted; the tests on a cluster are skipped without it.
set -u
. "$(dirname "$0")/apt_install.sh"

PATH=$PATH:/usr/sbin
command -v slurmctld >/dev/null 2>&1 && command -v munged >/dev/null 2>&1 && exit 0
apt_install Slurm "a few MB" "the tests on a cluster will be skipped; for them" "Slurm and MUNGE" slurm-wlm munge
