# Every package the tree uses, all from Debian 12.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(simdjson REQUIRED)
find_package(Protobuf REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)
find_package(GTest REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)

# Boost without its deprecated parts, with Asio and Beast compiled once: that keeps build times down.
add_library(millrace_boost STATIC EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/deploy/cmake/boost.cpp)
add_library(millrace::boost ALIAS millrace_boost)
target_link_libraries(millrace_boost PUBLIC Boost::headers Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
target_compile_definitions(millrace_boost PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                                                 BOOST_ASIO_NO_DEPRECATED)
if(MILLRACE_SANITIZE)
  target_compile_options(millrace_boost PUBLIC -fsanitize=${MILLRACE_SANITIZE})
endif()
if(MILLRACE_SANITIZE MATCHES "thread")
  # The thread sanitizer does not know fences; Asio's queues are guarded by mutexes as well.
  target_compile_definitions(millrace_boost PUBLIC BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
