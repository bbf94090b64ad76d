#!/bin/sh
# Checks every shell script: files that end in .sh or start with #!/bin/sh or bash.
set -u
find . \( -path ./build -o -path ./.git \) -prune -o -type f -size -200k -print | while read -r file; do
    case $file in
    *.sh) echo "$file" ;;
    *.*[a-z]) ;;
    *) head -n 1 "$file" | grep -aqE '^#!.*(/|env )(ba|da)?sh' && echo "$file" ;;
    esac
done | sort | xargs -r shellcheck --severity=info && echo "shellcheck: nothing found"
