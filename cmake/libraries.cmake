# The libraries Belay stands on, each found by pkg-config (docs/internals/dependencies.md says why).
find_package(PkgConfig REQUIRED)
foreach(pair
    "lua|lua5.4" "uv|libuv" "curl|libcurl" "pq|libpq" "hiredis|hiredis" "rabbitmq|librabbitmq"
    "pcre2|libpcre2-8" "sqlite|sqlite3" "crypto|libcrypto" "ssl|libssl" "jansson|jansson"
    "utf8proc|libutf8proc" "microhttpd|libmicrohttpd"
    "zlib|zlib" "seccomp|libseccomp")
  string(REPLACE "|" ";" pair "${pair}")
  list(GET pair 0 name)
  list(GET pair 1 package)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${package})
endforeach()
# PostgreSQL's own parser, from its archive: the shared library exports two thousand plain names
# (palloc, errposition …). Hidden in what is linked, they cannot meet those of other libraries.
find_library(BL_PG_QUERY libpg_query.a REQUIRED)
add_library(pg_query INTERFACE)
target_link_libraries(pg_query INTERFACE ${BL_PG_QUERY})
target_link_options(pg_query INTERFACE -Wl,--exclude-libs,libpg_query.a)
