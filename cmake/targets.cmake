# bl_folder(NAME SOURCES a.c … LINKS bl_base PkgConfig::uv …): one folder, one static library.
# A folder links only what it may include, so the link list and tests/lint/layers.lua say the same.
function(bl_folder name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_library(bl_${name} STATIC ${arg_SOURCES})
  target_link_libraries(bl_${name} PUBLIC bl_flags ${arg_LINKS})
endfunction()

# bl_unit_test(NAME SOURCES a.c … LINKS …): one cmocka program, label unit.
function(bl_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE bl_flags ${arg_LINKS} cmocka)
  add_test(NAME unit/${name} COMMAND test_${name})
  set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 60)
endfunction()
