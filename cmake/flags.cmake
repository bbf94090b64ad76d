# How every file of the project is compiled. The presets set these options; nothing else should.
option(BL_WERROR "Warnings are errors" ON)
option(BL_LTO "Link time optimisation" OFF)
option(BL_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)
option(BL_COVERAGE "Count executed lines and branches" OFF)
set(BL_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

# A compiler cache when there is one; CC="ccache gcc" works as well and is left alone.
find_program(BL_CCACHE ccache)
if(BL_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER AND NOT CMAKE_C_COMPILER MATCHES "ccache")
  set(CMAKE_C_COMPILER_LAUNCHER ${BL_CCACHE})
endif()

add_library(bl_flags INTERFACE)
target_compile_options(bl_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wundef -Wvla -Walloca
  -Wformat=2 -Wwrite-strings -fvisibility=hidden -fno-common -fstack-protector-strong
  $<$<BOOL:${BL_WERROR}>:-Werror>)
target_compile_definitions(bl_flags INTERFACE
  _GNU_SOURCE BL_VERSION="${PROJECT_VERSION}" $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_include_directories(bl_flags INTERFACE ${PROJECT_SOURCE_DIR}/engine ${PROJECT_SOURCE_DIR}/stdlib)
target_link_options(bl_flags INTERFACE -Wl,--as-needed -Wl,-z,relro)

set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
if(BL_LTO)
  include(CheckIPOSupported)
  check_ipo_supported(LANGUAGES C)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
if(BL_SANITIZE)
  target_compile_options(bl_flags INTERFACE -fsanitize=${BL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(bl_flags INTERFACE -fsanitize=${BL_SANITIZE})
endif()
if(BL_FUZZ)
  target_compile_options(bl_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(bl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BL_COVERAGE)
  target_compile_options(bl_flags INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(bl_flags INTERFACE --coverage)
endif()
