# Every library edgefuse needs, found or refused by the name of the Debian package that brings it.

set(EDGEFUSE_MISSING "")

macro(edgefuse_require package debian)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND EDGEFUSE_MISSING ${debian})
  endif()
endmacro()

macro(edgefuse_require_library variable library header debian)
  find_library(${variable}_LIBRARY NAMES ${library})
  find_path(${variable}_INCLUDE NAMES ${header})
  if(${variable}_LIBRARY AND ${variable}_INCLUDE)
    add_library(edgefuse::${library} INTERFACE IMPORTED)
    set_target_properties(edgefuse::${library} PROPERTIES
      INTERFACE_LINK_LIBRARIES ${${variable}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${${variable}_INCLUDE})
  else()
    list(APPEND EDGEFUSE_MISSING ${debian})
  endif()
endmacro()

macro(edgefuse_require_header variable header debian)
  find_path(${variable}_INCLUDE NAMES ${header})
  if(NOT ${variable}_INCLUDE)
    list(APPEND EDGEFUSE_MISSING ${debian})
  endif()
endmacro()

edgefuse_require(Torch libtorch-dev)
edgefuse_require(Boost libboost-program-options-dev COMPONENTS program_options)
edgefuse_require(fmt libfmt-dev)
edgefuse_require(tomlplusplus libtomlplusplus-dev)
edgefuse_require(nlohmann_json nlohmann-json3-dev)
edgefuse_require(ICU libicu-dev COMPONENTS uc i18n)
edgefuse_require(OpenSSL libssl-dev COMPONENTS Crypto)
edgefuse_require(Threads libc6-dev)
edgefuse_require_header(RANDOM123 Random123/philox.h librandom123-dev)
edgefuse_require_header(ASIO boost/asio/thread_pool.hpp libboost-dev)
edgefuse_require_header(BOOST_MATH boost/math/distributions/normal.hpp libboost-dev)
edgefuse_require_library(CSV csv csv.h libcsv-dev)

enable_language(C)
edgefuse_require(HDF5 libhdf5-dev COMPONENTS C)

if(EDGEFUSE_BUILD_TESTS)
  edgefuse_require(GTest libgtest-dev)
endif()
if(EDGEFUSE_BUILD_BENCHMARKS)
  edgefuse_require(benchmark libbenchmark-dev)
endif()

if(EDGEFUSE_MISSING)
  list(REMOVE_DUPLICATES EDGEFUSE_MISSING)
  list(JOIN EDGEFUSE_MISSING " " missing)
  message(FATAL_ERROR "edgefuse needs packages that were not found. Install them with:\n"
                      "  apt-get install ${missing}\nor run tools/setup, which does this and more.")
endif()
