# How every file of the project is compiled.
option(BL_WERROR "Warnings are errors" ON)
set(BL_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

add_library(bl_flags INTERFACE)
target_compile_options(bl_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Walloca
  -Wformat=2 -Wwrite-strings -fvisibility=hidden -fno-common
  $<$<BOOL:${BL_WERROR}>:-Werror>)
target_compile_definitions(bl_flags INTERFACE _GNU_SOURCE BL_VERSION="${PROJECT_VERSION}")
target_include_directories(bl_flags INTERFACE ${PROJECT_SOURCE_DIR}/engine ${PROJECT_SOURCE_DIR}/stdlib)
if(BL_SANITIZE)
  target_compile_options(bl_flags INTERFACE -fsanitize=${BL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(bl_flags INTERFACE -fsanitize=${BL_SANITIZE})
endif()
