#include "results/safe_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "results/disk_file.hpp"
#include "results/earlier_result.hpp"
#include "sim/error.hpp"

namespace edgefuse::results {
namespace {

namespace fs = std::filesystem;

constexpr auto another_place = "choose another place with output.file or --out";

[[noreturn]] void refuse(const fs::path& file, std::string problem, std::string remedy) {
  throw InputError{Mistake{file.string(), 0, "", std::move(problem), std::move(remedy)}};
}

/// Takes the lock of an open file without waiting for it: 0, or the errno that says why not.
int try_lock(int descriptor) {
  int status = 0;
  do {
    status = ::flock(descriptor, LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  return status == 0 ? 0 : errno;
}

/// Whether the open file is still the one of that name.
bool is_still(int descriptor, const fs::path& file) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &named) == 0 && opened.st_dev == named.st_dev &&
         opened.st_ino == named.st_ino;
}

bool exchange(const fs::path& a, const fs::path& b) {
#ifdef RENAME_EXCHANGE
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
#else
  return false;
#endif
}

}  // namespace

SafeFile::SafeFile(fs::path file)
    : file_{std::move(file)}, draft_{beside(file_, "part")}, lock_file_{file_.string() + ".lock"} {
  if (file_.filename().empty() || fs::is_directory(file_)) refuse(file_, "is a folder", "name a file to write");
  std::error_code error;
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), error);
  if (error) refuse(file_.parent_path(), "cannot be made: " + error.message(), another_place);
  if (fs::exists(file_) && ::access(file_.c_str(), W_OK) != 0) refuse(file_, "is write-protected", another_place);
  lock();
  const int descriptor = ::open(draft_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const std::string why = std::strerror(errno);
    ::unlink(lock_file_.c_str());
    ::close(lock_);
    refuse(file_, "cannot be written: " + why, another_place);
  }
  ::close(descriptor);
}

SafeFile::~SafeFile() {
  ::unlink(draft_.c_str());
  ::unlink(lock_file_.c_str());
  ::close(lock_);
}

/// The lock is the kernel's, so a killed process leaves at most an empty file behind.
void SafeFile::lock() {
  while (true) {
    lock_ = ::open(lock_file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) refuse(file_, fmt::format("cannot be written: {}", std::strerror(errno)), another_place);
    const int reason = try_lock(lock_);
    if (reason == 0 && is_still(lock_, lock_file_)) return;
    ::close(lock_);
    if (reason == EWOULDBLOCK) {
      refuse(file_, "another run is writing it", "wait for that run, or choose another output.file");
    }
    // Without a lock, two runs could write this file at once and neither would know.
    if (reason != 0) refuse(file_, fmt::format("cannot be locked: {}", std::strerror(reason)), another_place);
    // Its last holder removed it between our opening and locking it.
  }
}

SafeFile::Draft SafeFile::prepare() {
  if (!published_) return Draft::empty;
  if (exchanged_) return Draft::one_behind;
  std::error_code error;
  fs::copy_file(file_, draft_, fs::copy_options::overwrite_existing, error);
  if (error) throw RunError{fmt::format("{}: cannot be copied: {}", file_.string(), error.message())};
  return Draft::current;
}

void SafeFile::publish() {
  wait_for_disk(draft_);
  if (!published_ && fs::exists(file_)) kept_ = keep_earlier_result(file_);
  exchanged_ = published_ && exchange(draft_, file_);
  if (!exchanged_ && std::rename(draft_.c_str(), file_.c_str()) != 0) {
    throw RunError{fmt::format("{}: cannot be put in place: {}", file_.string(), std::strerror(errno))};
  }
  published_ = true;
}

}  // namespace edgefuse::results
