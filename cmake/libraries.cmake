# The libraries Belay stands on, each found by pkg-config (docs/internals/dependencies.md says why).
find_package(PkgConfig REQUIRED)
foreach(pair
    "lua|lua5.4" "uv|libuv" "curl|libcurl" "pq|libpq" "hiredis|hiredis" "rabbitmq|librabbitmq"
    "pcre2|libpcre2-8" "sqlite|sqlite3" "crypto|libcrypto" "ssl|libssl" "jansson|jansson" "fyaml|libfyaml"
    "edit|libedit" "smartcols|smartcols" "utf8proc|libutf8proc" "microhttpd|libmicrohttpd")
  string(REPLACE "|" ";" pair "${pair}")
  list(GET pair 0 name)
  list(GET pair 1 package)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${package})
endforeach()
