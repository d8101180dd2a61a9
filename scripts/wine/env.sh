# Sourced by the scripts beside it: a Wine that opens no window, writes nothing
# into the real home (winemenubuilder) and offers to download nothing.
# WINEPREFIX is the caller's.
export WINEDEBUG="${WINEDEBUG:--all}"
export WINEDLLOVERRIDES="mscoree,mshtml=;winemenubuilder.exe=d"
export WINEARCH=win64
unset DISPLAY WAYLAND_DISPLAY
