# bl_folder(NAME SOURCES a.c … LINKS bl_base PkgConfig::uv …): one folder, one static library.
# A folder links only what it may include, so the link list and tests/lint/layers.lua say the same.
function(bl_folder name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(bl_${name} STATIC ${arg_SOURCES})
  target_link_libraries(bl_${name} PUBLIC bl_flags ${arg_LINKS})
endfunction()

# What a test's process finds in its environment: sanitizers that stop at the first mistake. The
# quarantine is small so that tests of bounded memory hold under ASan too, and its alternate signal
# stack is off because gcc 12's run-time writes past the stack of a thread that ends.
set(BL_TEST_ENVIRONMENT
  "ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:quarantine_size_mb=8:use_sigaltstack=0"
  "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0"
  "UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")

# bl_unit_test(NAME SOURCES a.c … LINKS …): one cmocka program, label unit.
function(bl_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE bl_flags ${arg_LINKS} cmocka)
  add_test(NAME unit/${name} COMMAND test_${name})
  bl_test_properties(unit/${name} unit 60)
endfunction()

# bl_test(NAME LABEL TIMEOUT COMMAND …): any other test. The command runs in the source folder; exit
# code 77 says "skipped" and ctest reports it so.
function(bl_test name label timeout)
  cmake_parse_arguments(arg "" "" "COMMAND" ${ARGN})
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  bl_test_properties(${name} "${label}" ${timeout})
endfunction()

# bl_test_properties(NAME LABELS TIMEOUT): what every test of the project has.
function(bl_test_properties name labels timeout)
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout}
    SKIP_RETURN_CODE 77 ENVIRONMENT "${BL_TEST_ENVIRONMENT}")
endfunction()

# bl_fuzz_test(NAME SOURCES a.c … LINKS …): a function LLVMFuzzerTestOneInput, label fuzz. With
# BL_FUZZ it searches for BL_FUZZ_SECONDS from its corpus (tests/fuzz/corpus/NAME); in every other
# build it only replays the corpus, so that what was found once stays found.
set(BL_FUZZ_SECONDS 30 CACHE STRING "How long each fuzz target searches")
function(bl_fuzz_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
  if(BL_FUZZ)
    set(found ${PROJECT_BINARY_DIR}/fuzz/${name})
    file(MAKE_DIRECTORY ${found})
    add_executable(fuzz_${name} ${arg_SOURCES})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz/${name} COMMAND fuzz_${name} -max_total_time=${BL_FUZZ_SECONDS} -timeout=10
      -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix=${found}/ ${found} ${corpus})
  else()
    add_executable(fuzz_${name} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
    add_test(NAME fuzz/${name} COMMAND fuzz_${name} ${corpus})
  endif()
  target_link_libraries(fuzz_${name} PRIVATE bl_flags ${arg_LINKS})
  bl_test_properties(fuzz/${name} fuzz 600)
endfunction()
