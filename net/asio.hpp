// The Asio types of this layer, named once. Acceptors and timers use the concrete executor of an
// io_context (smaller and faster than a type-erased one). Included by sources and inner headers of
// net/ only.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

namespace troupe {

namespace asio = boost::asio;

using boost::system::error_code;
using io_executor = asio::io_context::executor_type;
using io_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, io_executor>;

}  // namespace troupe
