;; Ten times: a list of n numbers, built from its end, and their sum.
(use-modules (bench))

(define (build n xs)
  (if (= n 0) xs (build (- n 1) (cons n xs))))

(define (sum xs total)
  (if (null? xs) total (sum (cdr xs) (+ total (car xs)))))

(bench
 (lambda (n)
   (let rounds ((times 10) (total 0))
     (if (= times 0)
         total
         (rounds (- times 1) (+ total (sum (build n '()) 0)))))))
