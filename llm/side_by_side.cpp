#include "llm/side_by_side.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "llm/threads.hpp"
#include "sim/expects.hpp"

namespace edgefuse::llm {

std::vector<std::exception_ptr> side_by_side(unsigned workers, std::size_t count,
                                             const std::function<void(std::size_t)>& task) {
  EDGEFUSE_EXPECTS(workers > 0, "somebody has to do the work");
  std::vector<std::exception_ptr> errors(count);
  if (count == 0) return errors;
  boost::asio::thread_pool pool{std::min<std::size_t>(workers, count)};
  for (std::size_t i = 0; i < count; ++i) {
    boost::asio::post(pool, [&errors, &task, i] {
      try {
        use_one_thread_per_gang();
        task(i);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    });
  }
  pool.join();
  return errors;
}

void all_side_by_side(unsigned workers, std::size_t count, const std::function<void(std::size_t)>& task) {
  for (const auto& error : side_by_side(workers, count, task))
    if (error) std::rethrow_exception(error);
}

}  // namespace edgefuse::llm
